/* floor LINES RATE WARM_S MEASURED_S: the floor of ICMP cost, sendto and recvmsg in C, paced by a tick of 2 ms.
   Line n stands at 10.x.y.z with x.y.z = 4n + 1, as in tests/bench/fleet.py. Kernel receive stamps are taken, replies
   matched by sequence. Prints "sent N answered N cpu_us N rtt_mean_us N" of the measured time, CPU user and system. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 2000000LL
#define SLICE 400
#define PACKET_BYTES 64

static int lines, cursor, sock;
static uint16_t identifier, *sequences;
static int64_t *left_ns;
static long sent, answered;
static int64_t rtt_ns;

static int64_t clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t cpu_us(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static uint16_t checksum(const uint8_t *data, int bytes) {
    uint32_t sum = 0;
    for (int i = 0; i < bytes; i += 2) sum += (uint32_t)(data[i] << 8 | data[i + 1]);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static void send_next(void) {
    uint8_t packet[PACKET_BYTES] = {8};
    struct icmphdr *header = (struct icmphdr *)packet;
    struct sockaddr_in to = {.sin_family = AF_INET};
    int line = cursor;
    cursor = (cursor + 1) % lines;
    uint32_t number = (uint32_t)line;
    to.sin_addr.s_addr = htonl(0x0a000000u + number * 4 + 1);
    header->un.echo.id = identifier;
    header->un.echo.sequence = htons(++sequences[line]);
    memcpy(packet + 8, &number, 4);
    header->checksum = checksum(packet, PACKET_BYTES);
    left_ns[line] = clock_ns(CLOCK_REALTIME);
    if (sendto(sock, packet, PACKET_BYTES, 0, (struct sockaddr *)&to, sizeof to) == PACKET_BYTES) sent++;
    else if (errno != EAGAIN) perror("sendto");
}

static void drain(void) {
    uint8_t packet[256], control[128];
    struct sockaddr_in from;
    struct iovec part = {packet, sizeof packet};
    for (;;) {
        struct msghdr message = {&from, sizeof from, &part, 1, control, sizeof control, 0};
        ssize_t n = recvmsg(sock, &message, MSG_DONTWAIT);
        if (n < 0) return;
        int header = (packet[0] & 15) * 4;
        const struct icmphdr *reply = (const struct icmphdr *)(packet + header);
        uint32_t number;
        if (n < header + 12 || reply->type != 0 || reply->un.echo.id != identifier) continue;
        memcpy(&number, packet + header + 8, 4);
        if (number >= (uint32_t)lines || from.sin_addr.s_addr != htonl(0x0a000000u + number * 4 + 1)) continue;
        if (ntohs(reply->un.echo.sequence) != sequences[number]) continue;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec stamp;
                memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
                rtt_ns += (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec - left_ns[number];
            }
        answered++;
    }
}

static void run(int64_t for_ns, int64_t rate) {
    int64_t began = clock_ns(CLOCK_MONOTONIC), now = began, done = 0;
    while (now - began < for_ns) {
        int64_t due = (int64_t)((double)(now - began) * (double)rate / 1e9);
        drain();
        for (int n = 0; done < due; done++) {
            send_next();
            if (++n % SLICE == 0) drain();
        }
        struct timespec rest = {0, TICK_NS};
        nanosleep(&rest, NULL);
        now = clock_ns(CLOCK_MONOTONIC);
    }
}

int main(int count, char **words) {
    int on = 1, bytes = 32 << 20;
    if (count != 5) { fputs("usage: floor LINES RATE WARM_S MEASURED_S\n", stderr); return 2; }
    lines = atoi(words[1]);
    int64_t rate = atoll(words[2]), warm_ns = atoll(words[3]) * 1000000000, measured_ns = atoll(words[4]) * 1000000000;
    sequences = calloc((size_t)lines, sizeof *sequences);
    left_ns = calloc((size_t)lines, sizeof *left_ns);
    identifier = htons((uint16_t)getpid());
    sock = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    if (sock < 0 || !sequences || !left_ns) { perror("floor"); return 1; }
    setsockopt(sock, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    run(warm_ns, rate);
    int64_t used = cpu_us();
    sent = answered = rtt_ns = 0;
    run(measured_ns, rate);
    printf("sent %ld answered %ld cpu_us %lld rtt_mean_us %lld\n", sent, answered, (long long)(cpu_us() - used),
           (long long)(answered ? rtt_ns / answered / 1000 : 0));
    return 0;
}
