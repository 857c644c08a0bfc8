/* base/json.cc: the C face of simdjson's DOM parser. */
#include "base/json.h"

#include <simdjson.h>

#include <cmath>
#include <cstring>
#include <new>
#include <type_traits>

#include "base/number.h"

using simdjson::dom::element;

struct json_parser {
    simdjson::dom::parser parser;
};

/* A DOM element, and an iterator over one, is (document, tape index): the same two words that the C face hands around. */
static_assert(sizeof(element) == sizeof(json_value) && std::is_trivially_copyable<element>::value, "element");
static_assert(sizeof(simdjson::dom::object::iterator) == sizeof(json_value), "object iterator");
static_assert(sizeof(simdjson::dom::array::iterator) == sizeof(json_value), "array iterator");

template <typename T> static T to_dom(const void *document, size_t at) {
    T out;
    json_value words{document, at};
    memcpy(static_cast<void *>(&out), &words, sizeof words);
    return out;
}

template <typename T> static json_value from_dom(const T &in) {
    json_value words;
    memcpy(&words, static_cast<const void *>(&in), sizeof words);
    return words;
}

int json_parser_create(struct json_parser **ret, struct error *err) {
    auto *p = new (std::nothrow) json_parser;
    if (p == nullptr)
        return error_set(err, ERR_NOMEM, "JSON parser");
    *ret = p;
    return 0;
}

void json_parser_destroy(struct json_parser *p) {
    delete p;
}

int json_parse(
    struct json_parser *p, const char *text, size_t len, bool padded, struct json_value *ret, struct error *err) {
    element root;
    auto code = p->parser.parse(text, len, !padded).get(root);
    if (code == simdjson::MEMALLOC)
        return error_set(err, ERR_NOMEM, "JSON document of %zu bytes", len);
    if (code)
        return error_set(err, ERR_FORMAT, "not JSON: %s", simdjson::error_message(code));
    *ret = from_dom(root);
    return 0;
}

enum json_type json_type(struct json_value v) {
    switch (to_dom<element>(v.document, v.at).type()) {
    case simdjson::dom::element_type::ARRAY: return JSON_ARRAY;
    case simdjson::dom::element_type::OBJECT: return JSON_OBJECT;
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64: return JSON_INTEGER;
    case simdjson::dom::element_type::DOUBLE: return JSON_FLOAT;
    case simdjson::dom::element_type::STRING: return JSON_TEXT;
    case simdjson::dom::element_type::BOOL: return JSON_BOOL;
    case simdjson::dom::element_type::NULL_VALUE: break;
    }
    return JSON_NULL;
}

bool json_bool(struct json_value v, bool *ret) {
    return to_dom<element>(v.document, v.at).get(*ret) == simdjson::SUCCESS;
}

bool json_u64(struct json_value v, uint64_t *ret) {
    return to_dom<element>(v.document, v.at).get(*ret) == simdjson::SUCCESS;
}

bool json_i64(struct json_value v, int64_t *ret) {
    return to_dom<element>(v.document, v.at).get(*ret) == simdjson::SUCCESS;
}

bool json_f64(struct json_value v, double *ret) {
    return to_dom<element>(v.document, v.at).get(*ret) == simdjson::SUCCESS;
}

bool json_text(struct json_value v, struct text *ret) {
    std::string_view view;
    if (to_dom<element>(v.document, v.at).get(view) != simdjson::SUCCESS)
        return false;
    *ret = {view.data(), view.size()};
    return true;
}

template <typename Container> static bool begin_walk(struct json_value v, struct json_walk *ret) {
    Container container;
    if (to_dom<element>(v.document, v.at).get(container) != simdjson::SUCCESS)
        return false;
    auto first = from_dom(container.begin());
    *ret = {first.document, first.at, from_dom(container.end()).at};
    return true;
}

bool json_object_begin(struct json_value v, struct json_walk *ret) {
    return begin_walk<simdjson::dom::object>(v, ret);
}

bool json_object_next(struct json_walk *w, struct text *ret_key, struct json_value *ret) {
    if (w->at == w->end)
        return false;
    auto it = to_dom<simdjson::dom::object::iterator>(w->document, w->at);
    auto key = it.key();
    *ret_key = {key.data(), key.size()};
    *ret = from_dom(it.value());
    ++it;
    w->at = from_dom(it).at;
    return true;
}

bool json_array_begin(struct json_value v, struct json_walk *ret) {
    return begin_walk<simdjson::dom::array>(v, ret);
}

bool json_array_next(struct json_walk *w, struct json_value *ret) {
    if (w->at == w->end)
        return false;
    auto it = to_dom<simdjson::dom::array::iterator>(w->document, w->at);
    *ret = from_dom(*it);
    ++it;
    w->at = from_dom(it).at;
    return true;
}

bool json_get(struct json_value object, const char *key, struct json_value *ret) {
    struct json_walk walk;
    struct text name;
    struct json_value value;
    if (!json_object_begin(object, &walk))
        return false;
    while (json_object_next(&walk, &name, &value)) {
        if (text_is(name, key)) {
            *ret = value;
            return true;
        }
    }
    return false;
}

/* Length of the run at the start of `t` that needs no escape and is ASCII. */
static size_t plain_run(const char *at, size_t len) {
    size_t i = 0;
    for (; len - i >= 8;
         i += 8) { /* eight bytes at a time: a high bit marks control, DEL, quote, backslash or non-ASCII */
        uint64_t w;
        memcpy(&w, at + i, 8);
        constexpr uint64_t ones = 0x0101010101010101U, highs = 0x8080808080808080U;
        uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
        uint64_t bad = w | (w - ones * 0x20) | (w + ones) | (quote - ones) | (slash - ones);
        if (bad & highs)
            break;
    }
    for (; i < len; i++) {
        unsigned char c = static_cast<unsigned char>(at[i]);
        if (c < 0x20 || c == 0x7F || c == '"' || c == '\\' || c >= 0x80)
            break;
    }
    return i;
}

/* Length of the well-formed UTF-8 sequence (of two bytes or more) at `at`, or 0. */
static size_t utf8_run(const char *at, size_t len) {
    for (size_t n = 2; n <= 4 && n <= len; n++)
        if (text_is_utf8({at, n}))
            return n;
    return 0;
}

static void put_unicode(struct buffer *b, unsigned code) {
    static const char hex[] = "0123456789abcdef";
    char text[] = {'\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};
    buffer_put(b, text, sizeof text);
}

static void put_escaped(struct buffer *b, unsigned char c) {
    switch (c) {
    case '"': buffer_put(b, "\\\"", 2); return;
    case '\\': buffer_put(b, "\\\\", 2); return;
    case '\n': buffer_put(b, "\\n", 2); return;
    case '\t': buffer_put(b, "\\t", 2); return;
    case '\r': buffer_put(b, "\\r", 2); return;
    case '\b': buffer_put(b, "\\b", 2); return;
    case '\f': buffer_put(b, "\\f", 2); return;
    default: put_unicode(b, c);
    }
}

/* A sequence of UTF-8 that acts on a terminal instead of showing: a C1 control, or one that turns the direction of writing. Its code,
 * or 0. */
static unsigned acting_code(const char *at, size_t n) {
    unsigned code = 0;
    if (n == 2)
        code = (at[0] & 0x1FU) << 6 | (at[1] & 0x3FU);
    else if (n == 3)
        code = (at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
    bool acts = (code >= 0x80 && code <= 0x9F) || code == 0x061C || code == 0x200E || code == 0x200F ||
                (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    return acts ? code : 0;
}

/* Writes the sequence of UTF-8 at `at`, or what stands for a byte that begins none. Returns how many bytes that was. */
static size_t put_sequence(struct buffer *b, const char *at, size_t len) {
    size_t n = utf8_run(at, len);
    unsigned code = acting_code(at, n);
    if (code != 0)
        put_unicode(b, code);
    else
        buffer_put(b, n > 0 ? at : "\xEF\xBF\xBD", n > 0 ? n : 3);
    return n > 0 ? n : 1;
}

void json_put_text(struct buffer *b, struct text t) {
    buffer_put_char(b, '"');
    while (t.len > 0) {
        size_t n = plain_run(t.at, t.len);
        if (n > 0) {
            buffer_put(b, t.at, n);
        } else if (static_cast<unsigned char>(t.at[0]) < 0x80) {
            put_escaped(b, static_cast<unsigned char>(t.at[0]));
            n = 1;
        } else {
            n = put_sequence(b, t.at, t.len);
        }
        t.at += n;
        t.len -= n;
    }
    buffer_put_char(b, '"');
}

void json_put_f64(struct buffer *b, double v) {
    char *to = buffer_room(b, NUMBER_TEXT_MAX);
    if (!std::isfinite(v))
        buffer_put(b, "null", 4);
    else if (to != nullptr)
        b->len += number_write_f64(to, v);
}

void json_put_u64(struct buffer *b, uint64_t v) {
    char *to = buffer_room(b, NUMBER_TEXT_MAX);
    if (to != nullptr)
        b->len += number_write_u64(to, v);
}

void json_put_i64(struct buffer *b, int64_t v) {
    char *to = buffer_room(b, NUMBER_TEXT_MAX);
    if (to != nullptr)
        b->len += number_write_i64(to, v);
}
