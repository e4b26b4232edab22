/* The floor of compare_servers.py: the least that any server does. It waits, reads, unmasks, and writes an answer with
   the id of the call. Of a handshake it reads no more than the end, and answers the one key that the generator uses.
   It prints its port. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ID 36

typedef struct {
    int fd, open, kept;
    char *rest;         /* the beginning of a frame, `kept` bytes; NULL as long as frames come whole */
} Connection;

static const char accept_it[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n";
static char answer[] = "\x81\x55[3,\"                                    \","
                       "{\"currentTime\":\"2026-01-15T08:00:30.250Z\"}]";

/* Return the size of the frame at the head of `bytes`, having answered it, or 0 if it is not whole. */
static int take(Connection *connection, uint8_t *bytes, int have) {
    if (!connection->open) {
        if (!memmem(bytes, have, "\r\n\r\n", 4)) return 0;
        connection->open = 1;
        if (write(connection->fd, accept_it, sizeof accept_it - 1) < 0) perror("write");
        return have;
    }
    if (have < 8) return 0;
    int head = 6, size = bytes[1] & 127;
    if (size > 125) head = 8, size = bytes[2] << 8 | bytes[3];
    if (have < head + size) return 0;
    uint8_t *mask = bytes + head - 4, *payload = bytes + head;
    uint32_t word, key;
    memcpy(&key, mask, 4);
    int i = 0;
    for (; i + 4 <= size; i += 4) memcpy(&word, payload + i, 4), word ^= key, memcpy(payload + i, &word, 4);
    for (; i < size; i++) payload[i] ^= mask[i & 3];
    if (bytes[0] != 0x81 || size < 4 + ID) return head + size;
    memcpy(answer + 6, payload + 4, ID);
    if (write(connection->fd, answer, sizeof answer - 1) < 0) perror("write");
    return head + size;
}

static void readable(Connection *connection) {
    static uint8_t bytes[1 << 16];
    int taken, at = 0, have = connection->kept;
    if (have) memcpy(bytes, connection->rest, have);
    int got = read(connection->fd, bytes + have, sizeof bytes - have);
    free(connection->rest);
    connection->rest = NULL;
    if (got <= 0) {
        close(connection->fd);
        free(connection);
        return;
    }
    for (have += got; (taken = take(connection, bytes + at, have - at)); at += taken);
    connection->kept = have - at;
    if (have > at) connection->rest = memcpy(malloc(have - at), bytes + at, have - at);
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct epoll_event event = {.events = EPOLLIN}, events[256];
    int on = 1, fd, listener = socket(AF_INET, SOCK_STREAM, 0), poll_fd = epoll_create1(0);
    if (bind(listener, (void *)&address, size) || listen(listener, 4096)) return perror("listen"), 1;
    getsockname(listener, (void *)&address, &size);
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int count = epoll_wait(poll_fd, events, 256, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr) {
                readable(events[i].data.ptr);
            } else if ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                event.data.ptr = calloc(1, sizeof(Connection));
                ((Connection *)event.data.ptr)->fd = fd;
                epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
            }
        }
    }
}
