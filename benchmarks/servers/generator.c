/* The stations of compare_servers.py: OCPP-J over WebSocket from one core, in prebuilt frames.

   generator PORT PID STATIONS IDLE SECONDS BOOT FILE@RATE...

   STATIONS connect, send the call in the file BOOT, and then those of each FILE in turn, for SECONDS. With RATE 0 each
   station sends its next call as soon as the last is answered, and STATIONS answers are waited for at least. Otherwise
   RATE calls a second become due, at random, and wait until a station has no call open; a rate that the server does not
   keep up with is the last. IDLE more then connect, all before any of them sends BOOT.

   A file has a call a line, of a unique id of 36 characters. Times are in nanoseconds, CPU time is that of the process
   PID, and a line of JSON tells what was measured. An answer that is not its call's ends the program with 1. While it
   measures it never sleeps: to wake it would cost the server time. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define AT_ONCE 64              /* handshakes, or first calls, that are under way */
#define SOURCES 8               /* addresses that stations come from: 127.0.0.2 and on */
#define PREFIX 32               /* [2," and all of the id but its digits */
#define DIGITS 8                /* the end of the id, which counts the calls of a station */
#define FRAMES 1024
#define SLOWEST (4u << 20)      /* microseconds */

typedef struct {
    int size, payload;          /* of the frame; where its payload begins */
    char *bytes;
} Frame;

typedef struct {
    Frame frames[FRAMES];
    int count;
} Calls;

typedef struct {
    int fd, have, open, next;   /* `next` is its place in the calls, -1 before the handshake */
    uint32_t calls;
    uint64_t since;             /* when its open call was due */
    char bytes[1024];
} Station;

static const char mask[4] = {0x37, 0x5a, 0x1c, 0x69};
static const char accepted[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
static int poll_fd, handshakes, waiting, running, first_free, free_count, capacity, talking;
static struct sockaddr_in server = {.sin_family = AF_INET};
static Station *stations;
static int *free_stations;      /* a ring */
static Calls *calls;
static double rate;
static uint64_t due, answered_calls, due_calls;
static uint32_t histogram[SLOWEST];
static char answer[PREFIX + DIGITS + 1];

static void fail(const char *why, const char *bytes, int size) {
    fprintf(stderr, "generator: %s %.*s\n", why, size, bytes);
    exit(1);
}

static uint64_t clock_of(clockid_t clock) {
    struct timespec at;
    if (clock_gettime(clock, &at)) fail("no such process", "", 0);
    return at.tv_sec * SECOND + at.tv_nsec;
}

static uint64_t now(void) { return clock_of(CLOCK_MONOTONIC); }

static uint64_t gap(void) {
    return -log(1 - drand48()) / rate * SECOND;
}

/* Calls */

static Frame masked(const char *text, int size) {
    Frame frame = {.payload = size < 126 ? 6 : 8};
    frame.size = frame.payload + size;
    frame.bytes = malloc(frame.size);
    frame.bytes[0] = (char)0x81;
    frame.bytes[1] = (char)(0x80 | (size < 126 ? size : 126));
    if (size >= 126) frame.bytes[2] = size >> 8, frame.bytes[3] = size;
    memcpy(frame.bytes + frame.payload - 4, mask, 4);
    for (int i = 0; i < size; i++) frame.bytes[frame.payload + i] = text[i] ^ mask[i & 3];
    return frame;
}

static Calls *calls_of(const char *path) {
    static char line[1 << 16];
    Calls *read = calloc(1, sizeof *read);
    FILE *file = fopen(path, "r");
    if (!file) fail("can't read", path, strlen(path));
    while (read->count < FRAMES && fgets(line, sizeof line, file)) {
        int size = strcspn(line, "\n");
        if (strncmp(line, "[2,\"", 4) || size <= PREFIX + DIGITS || line[PREFIX + DIGITS] != '"')
            fail("no call with an id of 36 characters:", line, size);
        if (!read->count) memcpy(answer, line, sizeof answer), answer[1] = '3';
        if (memcmp(answer + 2, line + 2, PREFIX - 2)) fail("another id than in the first line:", line, size);
        read->frames[read->count++] = masked(line, size);
    }
    fclose(file);
    return read;
}

static void digits_of(uint32_t number, char *digits) {
    for (int i = DIGITS - 1; i >= 0; i--, number >>= 4) digits[i] = "0123456789abcdef"[number & 15];
}

static void send_call(Station *station, Frame *frame, uint64_t since) {
    char *id = frame->bytes + frame->payload + PREFIX;
    digits_of(++station->calls, id);
    for (int i = 0; i < DIGITS; i++) id[i] ^= mask[(PREFIX + i) & 3];
    station->since = since;
    station->open = 1;
    waiting++;
    if (send(station->fd, frame->bytes, frame->size, 0) != frame->size) fail("the server does not read", "", 0);
}

static void dispatch(void) {
    uint64_t at = now();
    while (running && free_count && (!rate || due <= at)) {
        Station *station = &stations[free_stations[first_free]];
        first_free = (first_free + 1) % capacity;
        free_count--;
        send_call(station, &calls->frames[station->next++ % calls->count], rate ? due : at);
        if (rate) due += gap(), due_calls++;
    }
}

/* Frames from the server */

static void take_answer(Station *station, const char *payload, int size) {
    digits_of(station->calls, answer + PREFIX);
    if (!station->open || size < (int)sizeof answer || memcmp(payload, answer, sizeof answer))
        fail("not the answer to the open call:", payload, size);
    uint64_t took = (now() - station->since) / 1000;
    histogram[took < SLOWEST ? took : SLOWEST - 1]++;
    answered_calls++;
    waiting--;
    station->open = 0;
    free_stations[(first_free + free_count++) % capacity] = station - stations;
    dispatch();
}

static void take_handshake(const char *head, int size) {
    if (strncmp(head, "HTTP/1.1 101", 12) || !memmem(head, size, accepted, sizeof accepted - 1))
        fail("refused:", head, size);
    handshakes++;
}

/* Return how many bytes of what has come were taken. */
static int take(Station *station, const char *bytes, int have) {
    if (station->next < 0) {
        const char *end = memmem(bytes, have, "\r\n\r\n", 4);
        if (!end) return 0;
        station->next = 0;
        take_handshake(bytes, end - bytes);
        return end - bytes + 4;
    }
    if (have < 2) return 0;
    int head = 2, size = (uint8_t)bytes[1];
    if (size > 125) {
        if (have < 4) return 0;
        head = 4, size = (uint8_t)bytes[2] << 8 | (uint8_t)bytes[3];
    }
    if (have < head + size) return 0;
    if ((uint8_t)bytes[0] == 0x81) take_answer(station, bytes + head, size);
    else if ((uint8_t)bytes[0] == 0x89) {
        Frame pong = masked(bytes + head, size);
        pong.bytes[0] = (char)0x8a;
        if (send(station->fd, pong.bytes, pong.size, 0) != pong.size) fail("the server does not read", "", 0);
        free(pong.bytes);
    } else fail("an unexpected frame", bytes, head + size);
    return head + size;
}

static void readable(Station *station) {
    int taken, got = recv(station->fd, station->bytes + station->have, sizeof station->bytes - station->have, 0);
    if (got <= 0) fail("the server has closed a connection", "", 0);
    station->have += got;
    while ((taken = take(station, station->bytes, station->have))) {
        station->have -= taken;
        memmove(station->bytes, station->bytes + taken, station->have);
    }
}

static void turn(void) {
    static struct epoll_event events[256];
    static uint64_t last;
    int count = epoll_wait(poll_fd, events, 256, 0);
    for (int i = 0; i < count; i++) readable(events[i].data.ptr);
    if (count || !last || (running && !waiting)) last = now();
    else if (now() - last > 30 * SECOND) fail("no answer within 30 s", "", 0);
    if (rate) dispatch();
}

/* What is measured */

static void connect_station(int number) {
    static char request[256];
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + number % SOURCES)};
    struct linger abort_it = {1, 0};  /* leaves no port in TIME_WAIT */
    int on = 1;
    Station *station = &stations[number];
    station->fd = socket(AF_INET, SOCK_STREAM, 0);
    station->next = -1;
    setsockopt(station->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(station->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(station->fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
    if (bind(station->fd, (void *)&source, sizeof source) || connect(station->fd, (void *)&server, sizeof server))
        fail("can't connect:", strerror(errno), 64);
    fcntl(station->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = station};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, station->fd, &event);
    int size = sprintf(request,
                       "GET /ocpp/CP%06d HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n", number);
    if (send(station->fd, request, size, 0) != size) fail("the server does not read", "", 0);
}

static void connect_stations(int from, int to) {
    for (int next = from; handshakes < to; turn())
        while (next < to && next - handshakes < AT_ONCE) connect_station(next++);
}

static void boot(int from, int to, Frame *frame) {
    for (int next = from; next < to || waiting; turn())
        while (next < to && waiting < AT_ONCE) send_call(&stations[next++], frame, now());
}

static double at_quantile(double quantile) {
    uint64_t seen = 0;
    for (uint32_t i = 0; i < SLOWEST; i++)
        if ((seen += histogram[i]) >= quantile * answered_calls) return i * 1e3;
    return 0;
}

/* The kernel adds up a process's time when that process is interrupted or sleeps: let it. */
static uint64_t cpu_time(clockid_t cpu) {
    usleep(20000);
    return clock_of(cpu);
}

/* Let stations call for a while, and return when the last answer came. */
static uint64_t run(double seconds) {
    uint64_t end = (due = now()) + seconds * SECOND;
    memset(histogram, 0, sizeof histogram);
    answered_calls = due_calls = 0;
    running = 1;
    for (dispatch(); now() < end || (!rate && answered_calls < (uint64_t)talking);) turn();
    running = 0;
    for (; rate && due <= end; due += gap()) due_calls++;  /* those that found no station */
    while (waiting) turn();
    return now();
}

/* Return whether the server kept up with the rate. */
static int measure(const char *phase, double seconds, clockid_t cpu) {
    char path[4096];
    const char *at = strrchr(phase, '@');
    snprintf(path, sizeof path, "%.*s", (int)(at - phase), phase);
    calls = calls_of(path);
    for (int i = 0; i < talking; i++) stations[i].next = i * 7;
    rate = atof(at + 1);
    run(seconds / 4);
    uint64_t cpu_before = cpu_time(cpu), before = now(), after = run(seconds);
    printf("{\"rate\": %g, \"calls\": %lu, \"due\": %lu, \"wall\": %lu, \"cpu\": %lu, \"p50\": %g, \"p99\": %g, "
           "\"p999\": %g}\n", rate, answered_calls, due_calls, after - before, cpu_time(cpu) - cpu_before,
           at_quantile(.5), at_quantile(.99), at_quantile(.999));
    int kept_up = !rate || answered_calls >= due_calls * .95;
    rate = 0;
    return kept_up;
}

static long resident(const char *pid) {
    char path[64];
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%s/statm", pid);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1) fail("can't read", path, strlen(path));
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv) {
    if (argc < 7) fail("PORT PID STATIONS IDLE SECONDS BOOT FILE@RATE...", "", 0);
    int idle = atoi(argv[4]);
    clockid_t cpu;
    if (clock_getcpuclockid(atoi(argv[2]), &cpu)) fail("no such process:", argv[2], strlen(argv[2]));
    server.sin_port = htons(atoi(argv[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    poll_fd = epoll_create1(0);
    talking = atoi(argv[3]);
    capacity = talking + idle;
    stations = calloc(capacity, sizeof *stations);
    free_stations = calloc(capacity, sizeof *free_stations);
    Frame *first = calls_of(argv[6])->frames;
    connect_stations(0, talking);
    boot(0, talking, first);
    for (int i = 7; i < argc && measure(argv[i], atof(argv[5]), cpu); i++);
    if (!idle) return 0;
    long size = resident(argv[2]);
    uint64_t before = cpu_time(cpu);
    connect_stations(talking, capacity);
    uint64_t after = cpu_time(cpu);
    boot(talking, capacity, first);
    printf("{\"handshake\": %g, \"bytes\": %g}\n", (double)(after - before) / idle,
           (double)(resident(argv[2]) - size) / idle);
    return 0;
}
