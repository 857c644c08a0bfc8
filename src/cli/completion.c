/* cli/completion.c: completions for bash, zsh and fish. */
#include "cli/reference.h"

#include "cli/option.h"

/* What to offer for a value or an argument, by the word that help shows for it. */
enum kind { KIND_NOTHING, KIND_FILE, KIND_DIRECTORY };

static enum kind kind_of(const char *takes) {
    if (takes && (strstr(takes, "FILE") || strstr(takes, "PATH")))
        return KIND_FILE;
    return takes && strstr(takes, "DIR") ? KIND_DIRECTORY : KIND_NOTHING;
}

/* The words of an OPTION_WORD with blanks between. */
static void put_words(struct buffer *b, const struct option_spec *o) {
    for (size_t i = 0; o->words[i]; i++)
        buffer_printf(b, "%s%s", i ? " " : "", o->words[i]);
}

static void put_command_names(struct buffer *b, const struct command *const *list, const char *last) {
    for (; *list; list++)
        buffer_printf(b, "%s ", (*list)->name);
    buffer_put_text(b, text_of(last));
}

/* Options of a command, then the global ones. */
static const struct option_spec *option_at(const struct command *c, size_t i) {
    size_t own = c ? c->n_options : 0;
    return i < own ? &c->options[i] : i < own + N_GLOBAL_OPTIONS ? &global_options[i - own] : NULL;
}

static void bash_value(struct buffer *b, const struct command *c, const struct option_spec *o) {
    buffer_printf(b, "    '%s --%s'", c ? c->name : "", o->name);
    if (o->letter)
        buffer_printf(b, " | '%s -%c'", c ? c->name : "", o->letter);
    if (o->words) {
        buffer_put_text(b, TEXT(") words='"));
        put_words(b, o);
        buffer_put_text(b, TEXT("' ;;\n"));
    } else {
        static const char *const files[] = {"", "files=-f", "files=-d"};
        buffer_printf(b, ") %s ;;\n", files[kind_of(o->takes)]);
    }
}

static void bash_flags(struct buffer *b, const struct command *c) {
    const struct option_spec *o;
    for (size_t i = 0; (o = option_at(c, i)); i++) {
        buffer_printf(b, "%s--%s", i ? " " : "", o->name);
        if (o->letter)
            buffer_printf(b, " -%c", o->letter);
        if (option_has_opposite(o))
            buffer_printf(b, " --no-%s", o->name);
    }
}

static const char bash_head[] =
    "# bash completion for tacho, written by tacho --reference bash\n"
    "_tacho() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' files='' i\n"
    "    # bash cuts --name=value into three words.\n"
    "    if [[ $cur == '=' ]]; then\n"
    "        cur=''\n"
    "    elif [[ $prev == '=' ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n"
    "        --config)\n"
    "            [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))\n"
    "            ((i++))\n"
    "            ;;\n"
    "        -*) ;;\n"
    "        *)\n"
    "            command=${COMP_WORDS[i]}\n"
    "            break\n"
    "            ;;\n"
    "        esac\n"
    "    done\n"
    "    case \"$command $prev\" in\n";
static const char bash_tail[] = "        esac\n"
                                "        ;;\n"
                                "    esac\n"
                                "    if [[ $files ]]; then\n"
                                "        compopt -o filenames 2>/dev/null\n"
                                "        mapfile -t COMPREPLY < <(compgen \"$files\" -- \"$cur\")\n"
                                "    else\n"
                                "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                                "    fi\n"
                                "}\n"
                                "complete -F _tacho tacho\n";

void reference_bash(const struct command *const *list, struct buffer *b) {
    const struct option_spec *o;
    buffer_put_text(b, text_of(bash_head));
    for (const struct command *const *c = list;; c++) {
        for (size_t i = 0; (o = option_at(*c, i)); i++)
            if (o->type != OPTION_FLAG)
                bash_value(b, *c, o);
        if (!*c)
            break;
    }
    buffer_put_text(b, TEXT("    *)\n        case \"$command $cur\" in\n        ' -'*) words='"));
    bash_flags(b, NULL);
    buffer_put_text(b, TEXT("' ;;\n        ' '*) words='"));
    put_command_names(b, list, "help");
    buffer_put_text(b, TEXT("' ;;\n        'help '*) words='"));
    put_command_names(b, list, "fields");
    buffer_put_text(b, TEXT("' ;;\n"));
    for (const struct command *const *c = list; *c; c++) {
        buffer_printf(b, "        '%s -'*) words='", (*c)->name);
        bash_flags(b, *c);
        buffer_put_text(b, TEXT("' ;;\n"));
        if (kind_of((*c)->takes) == KIND_FILE)
            buffer_printf(b, "        '%s '*) files=-f ;;\n", (*c)->name);
    }
    buffer_put_text(b, text_of(bash_tail));
}

/* Within single quotes of zsh; `special` get a backslash, which _arguments and _describe take off again. */
static void zsh_put(struct buffer *b, const char *s, const char *special) {
    for (; *s; s++) {
        if (*s == '\'') {
            buffer_put_text(b, TEXT("'\\''"));
            continue;
        }
        if (*s == '\\' || strchr(special, *s))
            buffer_put_char(b, '\\');
        buffer_put_char(b, *s);
    }
}

static void zsh_option(struct buffer *b, const struct option_spec *o) {
    bool flag = o->type == OPTION_FLAG;
    buffer_put_text(b, TEXT(" \\\n                "));
    if (o->letter)
        buffer_printf(b, "'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter, o->name, o->letter, flag ? "" : "+", o->name,
            flag ? "" : "=");
    else
        buffer_printf(b, "'--%s%s[", o->name, flag ? "" : "=");
    zsh_put(b, o->says, "[]");
    buffer_put_char(b, ']');
    if (!flag) {
        char takes[OPTION_TAKES_LEN];
        buffer_put_char(b, ':');
        zsh_put(b, o->words ? "word" : option_takes(o, takes), ":");
        buffer_put_char(b, ':');
        if (o->words) {
            buffer_put_char(b, '(');
            put_words(b, o);
            buffer_put_char(b, ')');
        } else {
            static const char *const actions[] = {"", "_files", "_files -/"};
            buffer_put_text(b, text_of(actions[kind_of(o->takes)]));
        }
    }
    buffer_put_char(b, '\'');
    if (option_has_opposite(o))
        buffer_printf(b, " \\\n                '--no-%s[turn --%s off]'", o->name, o->name);
}

static void zsh_command(struct buffer *b, const struct command *c) {
    const struct option_spec *o;
    buffer_printf(b, "        %s)\n            _arguments -s -S", c->name);
    for (size_t i = 0; (o = option_at(c, i)); i++)
        zsh_option(b, o);
    if (*c->takes) {
        buffer_put_text(b, TEXT(" \\\n                '*:"));
        zsh_put(b, c->takes, ":");
        buffer_put_text(b, text_of(kind_of(c->takes) == KIND_FILE ? ":_files'" : ":'"));
    }
    buffer_put_text(b, TEXT("\n            ;;\n"));
}

void reference_zsh(const struct command *const *list, struct buffer *b) {
    buffer_put_text(b, TEXT("#compdef tacho\n# zsh completion, written by tacho --reference zsh\n_tacho() {\n"
                            "    local curcontext=\"$curcontext\" context state state_descr line\n"
                            "    typeset -A opt_args\n    local -a all\n    _arguments -C"));
    for (size_t i = 0; i < N_GLOBAL_OPTIONS; i++)
        zsh_option(b, &global_options[i]);
    buffer_put_text(b, TEXT(" \\\n                '1:command:->command' '*::argument:->rest'\n    case $state in\n"
                            "    command)\n        all=(\n"));
    for (const struct command *const *c = list; *c; c++) {
        buffer_printf(b, "            '%s:", (*c)->name);
        zsh_put(b, (*c)->summary, ":");
        buffer_put_text(b, TEXT("'\n"));
    }
    buffer_put_text(b, TEXT("            'help:show the help of a command'\n        )\n        _describe command all\n"
                            "        ;;\n    rest)\n        case $line[1] in\n"));
    for (const struct command *const *c = list; *c; c++)
        zsh_command(b, *c);
    buffer_put_text(b, TEXT("        help)\n            all=("));
    put_command_names(b, list, "fields");
    buffer_put_text(
        b, TEXT(")\n            _describe command all\n            ;;\n        esac\n        ;;\n    esac\n}\n"
                "if [[ $funcstack[1] == _tacho ]]; then\n    _tacho \"$@\"\nelse\n    compdef _tacho tacho\n"
                "fi\n"));
}

static void fish_put(struct buffer *b, const char *s) {
    buffer_put_char(b, '\'');
    for (; *s; s++) {
        if (*s == '\'' || *s == '\\')
            buffer_put_char(b, '\\');
        buffer_put_char(b, *s);
    }
    buffer_put_char(b, '\'');
}

static void fish_begin(struct buffer *b, const struct command *c) {
    buffer_put_text(b, TEXT("complete -c tacho"));
    if (c)
        buffer_printf(b, " -n '__fish_seen_subcommand_from %s'", c->name);
}

static void fish_option(struct buffer *b, const struct command *c, const struct option_spec *o) {
    fish_begin(b, c);
    if (o->letter)
        buffer_printf(b, " -s %c", o->letter);
    buffer_printf(b, " -l %s", o->name);
    if (o->words) {
        buffer_put_text(b, TEXT(" -x -a '"));
        put_words(b, o);
        buffer_put_char(b, '\'');
    } else if (o->type != OPTION_FLAG) {
        static const char *const forms[] = {" -x", " -r -F", " -x -a '(__fish_complete_directories)'"};
        buffer_put_text(b, text_of(forms[kind_of(o->takes)]));
    }
    buffer_put_text(b, TEXT(" -d "));
    fish_put(b, o->says);
    buffer_put_char(b, '\n');
    if (option_has_opposite(o)) {
        fish_begin(b, c);
        buffer_printf(b, " -l no-%s -d 'turn --%s off'\n", o->name, o->name);
    }
}

void reference_fish(const struct command *const *list, struct buffer *b) {
    buffer_put_text(b, TEXT("# fish completion for tacho, written by tacho --reference fish\ncomplete -c tacho -f\n"));
    for (size_t i = 0; i < N_GLOBAL_OPTIONS; i++)
        fish_option(b, NULL, &global_options[i]);
    for (const struct command *const *c = list; *c; c++) {
        buffer_printf(b, "complete -c tacho -n __fish_use_subcommand -a %s -d ", (*c)->name);
        fish_put(b, (*c)->summary);
        buffer_put_char(b, '\n');
        for (size_t i = 0; i < (*c)->n_options; i++)
            fish_option(b, *c, &(*c)->options[i]);
        if (kind_of((*c)->takes) == KIND_FILE) {
            fish_begin(b, *c);
            buffer_put_text(b, TEXT(" -F\n"));
        }
    }
    buffer_put_text(b, TEXT("complete -c tacho -n __fish_use_subcommand -a help -d 'show the help of a command'\n"
                            "complete -c tacho -n '__fish_seen_subcommand_from help' -a '"));
    put_command_names(b, list, "fields");
    buffer_put_text(b, TEXT("'\n"));
}
