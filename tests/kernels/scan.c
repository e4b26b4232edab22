/* Compares every function of scan.h with a plain loop over bytes, on random texts and on all short ones that matter.

   Every text ends where a page ends that no readable page follows, and so does every place that is written to. Ends with
   1 and the text at fault when a function is wrong; prints the form of scan.h that was tested otherwise. */

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t Py_ssize_t;

#include "../../ocpp_fast_ext/scan.h"

typedef unsigned char Byte;

enum { LONGEST = 80, THREE_BLOCKS = 50, SLACK = 32, RANDOM_ROUNDS = 100000 };

/* What is special, and what stands next to it, with and without the highest bit. */
static const Byte ODD[] = {0x00, 0x01, 0x1f, 0x20, 0x21, '"', '#', 0x5b, '\\', 0x5d, 0x7f, 0x80, 0x9f, 0xa2, 0xdc, 0xff};

static const char IDENTIFIER[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-_=:+|@.";

/* The ends of two places, one to read from and one to write to. */
static Byte *source_end, *target_end;

/* Random numbers */

static uint64_t state = 88172645463325252u;

static unsigned draw(unsigned below) { /* xorshift64 */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % below;
}

/* Pages */

static Byte *guarded(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    Byte *start = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + page, page, PROT_NONE) != 0) {
        perror("a guarded page");
        exit(2);
    }
    return start + page;
}

static Byte *placed(const Byte *text, Py_ssize_t size) { return memcpy(source_end - size, text, (size_t)size); }

static void demand(int right, const char *name, const Byte *text, Py_ssize_t size) {
    if (right) return;
    fprintf(stderr, "%s is wrong for", name);
    for (Py_ssize_t i = 0; i < size; i++) fprintf(stderr, " %02x", text[i]);
    fprintf(stderr, "\n");
    exit(1);
}

/* Strings */

static int plain(Byte c) { return c >= 0x20 && c != '"' && c != '\\'; }

static void check_plain(const Byte *text, Py_ssize_t size) {
    const Byte *p = placed(text, size);
    uint32_t high = 0;
    Py_ssize_t stop = 0;
    int above = 0;
    for (; stop < size && plain(text[stop]); stop++) above |= text[stop] >= 0x80;
    demand(scan_plain(p, source_end, &high) == p + stop, "scan_plain", text, size);
    demand((high != 0) == above, "the high bit of scan_plain", text, size);
    high = 1;
    scan_plain(p, source_end, &high);
    demand(high & 1, "what was in the high bits of scan_plain", text, size);

    Byte *to = target_end - size;
    memset(to - SLACK, 0xee, (size_t)(size + SLACK));
    demand(copy_plain(to, p, size) == stop, "copy_plain", text, size);
    demand(memcmp(to, text, (size_t)stop) == 0, "the copy of copy_plain", text, size);
    for (Py_ssize_t i = 1; i <= SLACK; i++) demand(to[-i] == 0xee, "what copy_plain writes before it", text, size);

    int identifier = 1;
    for (Py_ssize_t i = 0; i < size; i++) identifier &= text[i] && strchr(IDENTIFIER, text[i]) != NULL;
    demand(is_identifier(p, size) == identifier, "is_identifier", text, size);
}

/* Every byte at every place of a text of every length up to three blocks and a bit, among others of four kinds. */
static void check_plain_single(void) {
    static const Byte among[] = {'a', ' ', 0x80, 0xff};
    Byte text[LONGEST];
    for (unsigned kind = 0; kind < sizeof among; kind++)
        for (Py_ssize_t size = 0; size <= THREE_BLOCKS; size++)
            for (Py_ssize_t place = 0; place < size; place++)
                for (unsigned value = 0; value < 256; value++) {
                    memset(text, among[kind], sizeof text);
                    text[place] = (Byte)value;
                    check_plain(text, size);
                }
}

/* Every short text of odd bytes, behind so many plain ones that it stands across the blocks' borders too. */
static void check_plain_short(void) {
    static const Py_ssize_t before[] = {0, 5, 7, 12, 14, 23, 30};
    Byte text[LONGEST];
    memset(text, 'a', sizeof text);
    for (unsigned i = 0; i < sizeof before / sizeof *before; i++)
        for (unsigned code = 0; code < 1u << 16; code++) {
            for (int place = 0; place < 4; place++) text[before[i] + place] = ODD[code >> (4 * place) & 15];
            check_plain(text, before[i] + 4 + (Py_ssize_t)draw(16));
        }
}

static void check_plain_random(void) {
    Byte text[LONGEST];
    Py_ssize_t size = draw(LONGEST + 1);
    unsigned rare = 1 + draw(40);
    for (Py_ssize_t i = 0; i < size; i++)
        text[i] = draw(rare) ? (Byte)(0x30 + draw(0x2c)) : draw(2) ? ODD[draw(sizeof ODD)] : (Byte)draw(256);
    check_plain(text, size);
}

/* Keys */

static void check_begins(const Byte *text, Py_ssize_t size, const Byte *key, Py_ssize_t key_size) {
    const Byte *p = placed(text, size);
    int expected = size >= key_size;
    for (Py_ssize_t i = 0; expected && i < key_size; i++) expected = text[i] == key[i];
    Byte *kept = memcpy(target_end - key_size - SLACK, key, (size_t)key_size);
    memset(kept + key_size, draw(2) ? 0 : 'a', SLACK);
    demand((begins_with(p, source_end, kept, key_size) != 0) == expected, "begins_with", text, size);
}

/* Keys of every length before texts of every length, which differ from them at any one place, or not at all. */
static void check_begins_all(void) {
    Byte text[LONGEST], key[LONGEST];
    for (Py_ssize_t i = 0; i < LONGEST; i++) key[i] = (Byte)('a' + i % 26);
    for (Py_ssize_t size = 0; size <= LONGEST; size++)
        for (Py_ssize_t key_size = 0; key_size <= LONGEST - SLACK; key_size++) {
            memcpy(text, key, LONGEST);
            check_begins(text, size, key, key_size);
            for (Py_ssize_t place = 0; place < size; place++) {
                text[place] ^= (Byte)(1u << draw(8));
                check_begins(text, size, key, key_size);
                text[place] = key[place];
            }
        }
}

static void check_copy_short(void) {
    Byte text[LONGEST];
    for (Py_ssize_t size = 0; size <= LONGEST - SLACK; size++) {
        for (Py_ssize_t i = 0; i < LONGEST; i++) text[i] = (Byte)draw(256);
        const Byte *from = placed(text, size + SLACK);
        Byte *to = target_end - (size > SLACK ? size : SLACK);
        copy_short((char *)to, (const char *)from, size);
        demand(memcmp(to, text, (size_t)size) == 0, "copy_short", text, size);
    }
}

static void check_space_all(void) {
    Byte text[LONGEST];
    for (Py_ssize_t size = 0; size <= 4; size++)
        for (Py_ssize_t place = 0; place <= size; place++)
            for (unsigned value = 0; value < 256; value++) {
                memcpy(text, " \n\r\t", 4);
                if (place < size) text[place] = (Byte)value;
                const Byte *p = placed(text, size);
                Py_ssize_t stop = 0;
                while (stop < size && memchr(" \n\r\t", text[stop], 4)) stop++;
                demand(past_space(p, source_end) == p + stop, "past_space", text, size);
            }
}

/* Containers */

/* Return the size of the container that a text begins with, or -1, as scan.h says it. */
static Py_ssize_t container(const Byte *text, Py_ssize_t size, int depth) {
    int level = 0, opened = 0, quoted = 0, escaped = 0, digits = 0, point = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        Byte c = text[i];
        if (quoted) {
            if (escaped) escaped = 0;
            else if (c < 0x20) return -1;
            else if (c == '\\') escaped = 1;
            else if (c == '"') quoted = 0;
            continue;
        }
        if (c >= '0' && c <= '9') digits++;
        else if (c == '.') point = 1;
        else if (digits && (c == 'e' || c == 'E')) return -1;
        else digits = point = 0;
        if (digits > (point ? 15 : 18)) return -1;
        if (c == '"') quoted = 1;
        if ((c == '{' || c == '[') && (++level > depth || ++opened > 1024)) return -1;
        if ((c == '}' || c == ']') && --level == 0) return i + 1;
    }
    return -1;
}

static void check_container(const Byte *text, Py_ssize_t size, int depth) {
    const Byte *p = placed(text, size), *stop = scan_container(p, source_end, depth);
    demand((stop == NULL ? -1 : stop - p) == container(text, size, depth), "scan_container", text, size);
}

static void check_container_random(void) {
    static const char *const parts[] = {"[", "]", "{", "}", "\"", "\\", "\"\\\\\"", "a", "12345678", "9", ".", "e", "E", " ",
                                        ",", "\"0123456789abcdef\"", "\x1f", "\xc3", "-"};
    Byte text[LONGEST + 32] = "[";
    Py_ssize_t size = 1;
    while (size < LONGEST && draw(30)) {
        const char *part = parts[draw(sizeof parts / sizeof *parts)];
        memcpy(text + size, part, strlen(part));
        size += (Py_ssize_t)strlen(part);
    }
    check_container(text, size, 1 + (int)draw(5));
}

static void check_container_short(void) {
    static const char of[] = "[]{\"\\1.e";
    Byte text[7] = "[";
    for (Py_ssize_t size = 1; size <= 7; size++)
        for (unsigned code = 0; code < 1u << (3 * (size - 1)); code++) {
            for (Py_ssize_t i = 1; i < size; i++) text[i] = (Byte)of[code >> (3 * (i - 1)) & 7];
            check_container(text, size, 2);
        }
}

static void check_container_count(void) {
    static Byte text[2 * 1025];
    for (int count = 1023; count <= 1025; count++) {
        for (int i = 1; i < count; i++) memcpy(text + 2 * i - 1, i % 2 ? "[]" : "{}", 2);
        text[0] = '[', text[2 * count - 1] = ']';
        demand((scan_container(text, text + 2 * count, 2) == NULL) == (count > 1024), "scan_container", text, 8);
    }
}

/* Numbers */

static void check_digits(void) {
    Byte text[LONGEST];
    Py_ssize_t size = draw(24), stop = 0;
    int most = (int)draw(19);
    unsigned long long expected = 0, value = 0;
    for (Py_ssize_t i = 0; i < size; i++) text[i] = draw(20) ? (Byte)('0' + draw(10)) : (Byte)draw(256);
    for (; stop < size && stop < most && text[stop] >= '0' && text[stop] <= '9'; stop++)
        expected = expected * 10 + (text[stop] - '0');
    const Byte *p = placed(text, size);
    demand(scan_digits(p, source_end, most, &value) == p + stop && value == expected, "scan_digits", text, size);
}

static void check_pairs(void) {
    for (unsigned code = 0; code < 1u << 16; code++) {
        const Byte text[2] = {(Byte)(code >> 8), (Byte)code};
        unsigned bad = 0;
        int number = scan_pair(placed(text, 2), &bad);
        int right = text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9';
        demand(((bad & ~15u) == 0) == right, "the verdict of scan_pair", text, 2);
        demand(!right || number == (text[0] - '0') * 10 + text[1] - '0', "scan_pair", text, 2);
        if (!right) continue;
        put_pair((char *)target_end - 2, (unsigned)number);
        demand(memcmp(target_end - 2, text, 2) == 0, "put_pair", text, 2);
    }
}

static void check_number(unsigned long long number) {
    char text[32];
    int size = snprintf(text, sizeof text, "%llu", number);
    char *start = put_number((char *)target_end, number);
    demand((char *)target_end - start == size && memcmp(start, text, (size_t)size) == 0, "put_number", (Byte *)text, size);
}

static void check_numbers(void) {
    for (unsigned number = 0; number < 200000; number++) check_number(number);
    for (unsigned long long power = 1; power <= 1000000000000000000u; power *= 10) {
        check_number(power - 1);
        check_number(power);
    }
    for (int bits = 0; bits < 64; bits++) check_number(UINT64_MAX >> bits);
}

static void check_days(void) {
    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            int leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
            int days = month == 2 ? 28 + leap : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
            demand(days_in_month(year, month) == days, "days_in_month", NULL, 0);
        }
}

static void check_bits(void) {
    for (int bit = 0; bit < 64; bit++) {
        demand(first_set64(UINT64_MAX << bit) == bit, "first_set64", NULL, 0);
        demand(bit > 31 || first_set(UINT32_MAX << bit) == bit, "first_set", NULL, 0);
    }
}

/* A hash reads no byte outside its text, and the same text has the same hash anywhere. */
static void check_hash(void) {
    Byte text[LONGEST];
    for (Py_ssize_t size = 0; size <= LONGEST; size++) {
        for (Py_ssize_t i = 0; i < size; i++) text[i] = (Byte)draw(256);
        demand(short_hash(placed(text, size), size) == short_hash(text, size), "short_hash", text, size);
    }
}

int main(void) {
    source_end = guarded();
    target_end = guarded();
    check_bits();
    check_days();
    check_hash();
    check_pairs();
    check_numbers();
    check_copy_short();
    check_space_all();
    check_begins_all();
    check_container_short();
    check_container_count();
    check_plain_single();
    check_plain_short();
    for (int round = 0; round < RANDOM_ROUNDS; round++) {
        check_plain_random();
        check_container_random();
        check_digits();
    }
    puts(OCPP_FAST_FORM);
    return 0;
}
