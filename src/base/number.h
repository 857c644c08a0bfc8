/* base/number.h: decimal numbers to and from text, exactly and whatever the locale says. */
#ifndef TACHO_BASE_NUMBER_H
#define TACHO_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NUMBER_TEXT_MAX = 32 }; /* no number written here is longer */

/* Writes the shortest decimal that reads back as the same double, always with a point or an exponent ("50.0", "1e+300"),
 * so that a typed reader takes it for a float. `value` must be finite. Returns the length; no NUL. */
size_t number_write_f64(char out[NUMBER_TEXT_MAX], double value);
size_t number_write_u64(char out[NUMBER_TEXT_MAX], uint64_t value);
size_t number_write_i64(char out[NUMBER_TEXT_MAX], int64_t value);

/* Whole-text decimal: 12, -0.5, 1e3. No spaces, no inf, no nan. False leaves `*ret` alone. */
bool text_f64(struct text t, double *ret);

/* Rounded to `decimals` (0 to 6) places: readings are recorded no finer than they mean something. NaN stays NaN. */
double number_round(double value, unsigned decimals);

#ifdef __cplusplus
}
#endif
#endif
