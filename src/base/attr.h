/* base/attr.h: the compiler attributes that the house uses. */
#ifndef TACHO_BASE_ATTR_H
#define TACHO_BASE_ATTR_H

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLEANUP(function) __attribute__((cleanup(function)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
