/* Scanning of JSON text: sixteen bytes at a time where the processor can, eight anywhere else.

   Every function reads inside [p, end) only, so that the text may be a slice of a larger buffer without a terminator.
   OCPP_FAST_PORTABLE forces the portable form; OCPP_FAST_FORM names the form that was chosen. */

#ifndef OCPP_FAST_SCAN_H
#define OCPP_FAST_SCAN_H

#include <stdint.h>
#include <string.h>

#if !defined(OCPP_FAST_PORTABLE) && (defined(__SSE2__) || defined(_M_X64))
#define OCPP_FAST_SSE2
#define OCPP_FAST_FORM "sse2"
#include <emmintrin.h>
#elif !defined(OCPP_FAST_PORTABLE) && defined(__aarch64__) && defined(__ARM_NEON)
#define OCPP_FAST_NEON
#define OCPP_FAST_FORM "neon"
#include <arm_neon.h>
#else
#define OCPP_FAST_FORM "portable"
#endif

#if defined(_MSC_VER)
#include <intrin.h>
static inline int first_set(uint32_t bits) {
    unsigned long index;
    _BitScanForward(&index, bits);
    return (int)index;
}
static inline int first_set64(uint64_t bits) { /* _BitScanForward64 is not there where pointers have 32 bits */
    return (uint32_t)bits ? first_set((uint32_t)bits) : 32 + first_set((uint32_t)(bits >> 32));
}
#else
static inline int first_set64(uint64_t bits) { return __builtin_ctzll(bits); }
static inline int first_set(uint32_t bits) { return __builtin_ctz(bits); }
#endif

static inline int is_special(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

#if defined(OCPP_FAST_SSE2)
/* Return a bit for each of sixteen bytes, set where it is special. */
static inline uint32_t specials(__m128i bytes) {
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    return (uint32_t)_mm_movemask_epi8(
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes)));
}
#elif defined(OCPP_FAST_NEON)
/* Tell whether one of sixteen bytes is special. */
static inline int specials(uint8x16_t bytes) {
    const uint8x16_t quote = vdupq_n_u8('"'), backslash = vdupq_n_u8('\\'), space = vdupq_n_u8(0x20);
    return vmaxvq_u8(vorrq_u8(vorrq_u8(vceqq_u8(bytes, quote), vceqq_u8(bytes, backslash)), vcltq_u8(bytes, space))) != 0;
}
#endif

/* Tell whether one of eight bytes is special; a false alarm is possible, a miss is not. */
static inline int maybe_special8(uint64_t bytes) {
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t quote = bytes ^ (ones * '"'), backslash = bytes ^ (ones * '\\');
    return ((((bytes - ones * 0x20) & ~bytes) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & tops) != 0;
}

/* Return the first byte that a JSON string can't hold as it is (a quote, a backslash, a control character), or end;
   *high gets a bit set when a byte of 0x80 or more stands before it. */
static inline const unsigned char *scan_plain(const unsigned char *p, const unsigned char *end, uint32_t *high) {
#if defined(OCPP_FAST_SSE2)
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        uint32_t found = specials(bytes), above = (uint32_t)_mm_movemask_epi8(bytes);
        if (found) {
            int index = first_set(found);
            *high |= above & ((1u << index) - 1);
            return p + index;
        }
        *high |= above;
        p += 16;
    }
#elif defined(OCPP_FAST_NEON)
    while (end - p >= 16) {
        uint8x16_t bytes = vld1q_u8(p);
        if (specials(bytes)) break;
        *high |= vmaxvq_u8(bytes) & 0x80u;
        p += 16;
    }
#else
    while (end - p >= 8) {
        uint64_t bytes;
        memcpy(&bytes, p, 8);
        if (maybe_special8(bytes)) break;
        *high |= (uint32_t)((bytes & 0x8080808080808080u) != 0);
        p += 8;
    }
#endif
    for (; p < end && !is_special(*p); p++) *high |= *p & 0x80u;
    return p;
}

/* Copy up to `size` bytes that a JSON string can hold as they are; return how many those were. */
static inline Py_ssize_t copy_plain(unsigned char *to, const unsigned char *from, Py_ssize_t size) {
    Py_ssize_t done = 0;
#if defined(OCPP_FAST_SSE2)
    for (; size - done >= 16; done += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(from + done));
        if (specials(bytes)) goto slowly;
        _mm_storeu_si128((__m128i *)(void *)(to + done), bytes);
    }
#elif defined(OCPP_FAST_NEON)
    for (; size - done >= 16; done += 16) {
        uint8x16_t bytes = vld1q_u8(from + done);
        if (specials(bytes)) goto slowly;
        vst1q_u8(to + done, bytes);
    }
#endif
    for (; size - done >= 8; done += 8) {
        uint64_t bytes;
        memcpy(&bytes, from + done, 8);
        if (maybe_special8(bytes)) goto slowly;
        memcpy(to + done, &bytes, 8);
    }
    if (size - done >= 4) {
        uint32_t bytes;
        memcpy(&bytes, from + done, 4);
        if (maybe_special8(bytes | 0x2020202000000000u)) goto slowly;
        memcpy(to + done, &bytes, 4);
        done += 4;
    }
slowly:
    for (; done < size && !is_special(from[done]); done++) to[done] = from[done];
    return done;
}

/* Whether an identifierString may hold a byte (R51): A-Z a-z 0-9 * - _ = : + | @ . */
static inline int is_of_identifier(unsigned char c) {
    static const uint32_t characters[8] = {0, 0x27ff6c00u, 0x87ffffffu, 0x17fffffeu};
    return (characters[c >> 5] >> (c & 31)) & 1;
}

#if defined(OCPP_FAST_SSE2)
static inline __m128i between(__m128i bytes, char low, char high) {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8((char)(low - 1))),
                         _mm_cmpgt_epi8(_mm_set1_epi8((char)(high + 1)), bytes));
}

/* Set each byte that an identifierString may hold. */
static inline __m128i of_identifier(__m128i bytes) {
    __m128i found = between(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    found = _mm_or_si128(found, between(bytes, '0', ':'));
    found = _mm_or_si128(found, _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')), between(bytes, '*', '.')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('@')));
    return _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('|')));
}
#endif

/* Whether an identifierString may hold all of these bytes. */
static inline int is_identifier(const unsigned char *p, Py_ssize_t size) {
    Py_ssize_t done = 0;
    int right = 1;
#if defined(OCPP_FAST_SSE2)
    __m128i all = _mm_set1_epi8(-1);
    for (; size - done >= 16; done += 16)
        all = _mm_and_si128(all, of_identifier(_mm_loadu_si128((const __m128i *)(const void *)(p + done))));
    if (size - done >= 8) {
        __m128i half = _mm_loadl_epi64((const __m128i *)(const void *)(p + done));
        all = _mm_and_si128(all, of_identifier(_mm_unpacklo_epi64(half, half)));
        done += 8;
    }
    right = _mm_movemask_epi8(all) == 0xffff;
#endif
    for (; done < size; done++) right &= is_of_identifier(p[done]);
    return right;
}

/* Copy a text that is known to be followed by at least 32 readable bytes to a place with room for 32 bytes or `size`. */
static inline void copy_short(char *to, const char *from, Py_ssize_t size) {
    if (size <= 32) memcpy(to, from, 32);
    else memcpy(to, from, (size_t)size);
}

/* Return the end of the JSON array or object that begins at p, one past its last bracket, or NULL when it does not end,
   when it nests deeper than `depth`, when it holds more than 1024 of them, when one of its strings has a control
   character, or when it has a number that a double may not keep: one with an exponent, with a point and more than 15
   digits, or with more than 18.
   Brackets are counted, not matched: a JSON parser must read it next. */
static inline const unsigned char *scan_container(const unsigned char *p, const unsigned char *end, int depth) {
    int level = 0, containers = 0, digits = 0, most = 18;
    uint32_t high = 0;
    for (; p < end; p++) {
        unsigned char c = *p;
        if ((unsigned char)(c - '0') <= 9) {
            if (++digits > most) return NULL;
            continue;
        }
        if (c == '.') {
            if (digits > (most = 15)) return NULL;
            continue;
        }
        if (digits && (c == 'e' || c == 'E')) return NULL;
        digits = 0;
        most = 18;
        if (c == '{' || c == '[') {
            if (++level > depth || ++containers > 1024) return NULL;
        } else if (c == '}' || c == ']') {
            if (--level == 0) return p + 1;
        } else if (c == '"') {
            for (p++;; p += 2) {
                p = scan_plain(p, end, &high);
                if (p >= end || *p < 0x20) return NULL;
                if (*p == '"') break;
                if (end - p < 2) return NULL;
            }
        }
    }
    return NULL;
}

/* Read decimal digits, at most `most`, behind those that *value has; return where they end. */
static inline const unsigned char *scan_digits(const unsigned char *p, const unsigned char *end, int most,
                                               unsigned long long *value) {
    unsigned long long number = *value;
    if (end - p > most) end = p + most;
    for (; p < end; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9) break;
        number = number * 10 + digit;
    }
    *value = number;
    return p;
}

/* Return the number that two decimal digits stand for; *bad gets a bit of ~15 set unless both are digits. */
static inline int scan_pair(const unsigned char *p, unsigned *bad) {
    unsigned tens = (unsigned char)(p[0] - '0'), ones = (unsigned char)(p[1] - '0');
    *bad |= (tens + 6) | (ones + 6);
    return (int)(tens * 10 + ones);
}

static const char PAIRS[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/* Write a number below 100 with two digits. */
static inline void put_pair(char *to, unsigned number) { memcpy(to, PAIRS + 2 * number, 2); }

/* Write the digits of a number so that they end at `end`; return where they begin. */
static inline char *put_number(char *end, unsigned long long number) {
    for (; number >= 100; number /= 100) put_pair(end -= 2, (unsigned)(number % 100));
    if (number >= 10) put_pair(end -= 2, (unsigned)number);
    else *--end = (char)('0' + number);
    return end;
}

/* Tell whether a text begins with another one, which is followed by at least 32 readable bytes. */
static inline int begins_with(const unsigned char *p, const unsigned char *end, const unsigned char *text, Py_ssize_t size) {
#if defined(OCPP_FAST_SSE2)
    if (end - p >= 32 && size < 32) {
        uint32_t equal = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)p),
                                                                    _mm_loadu_si128((const __m128i *)(const void *)text)));
        if (size > 16)
            equal |= (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + 16)),
                                                                _mm_loadu_si128((const __m128i *)(const void *)(text + 16))))
                     << 16;
        return (~equal & ((1u << size) - 1)) == 0;
    }
#endif
    return end - p >= size && memcmp(p, text, (size_t)size) == 0;
}

/* Return the first character that is not white space, or end. */
static inline const unsigned char *past_space(const unsigned char *p, const unsigned char *end) {
    while (p < end && *p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

static inline int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : days[month - 1];
}

/* A hash of a short text, for tables that are searched by it. */
static inline uint32_t short_hash(const unsigned char *p, Py_ssize_t size) {
    uint32_t value = (uint32_t)size * 0x9E3779B1u;
    if (size > 0) value ^= (p[0] + (uint32_t)p[size - 1] * 263u + (uint32_t)p[size / 2] * 8191u) * 0x85EBCA6Bu;
    if (size > 3) value ^= (p[size / 4] + (uint32_t)p[size - size / 4] * 131u) * 0xC2B2AE35u;
    return value ^ (value >> 15);
}

#endif
