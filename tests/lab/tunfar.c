/* tunfar DEVICE DELAY_US LOSS_PERMILLE: a far end on a TUN device. It answers every IPv4 echo request DELAY_US later,
   and loses a share of them. For benchmarks: a process of its own, so that its cost is not the prober's.
   On SIGTERM it prints "seen N answered N late_p50_us N late_p99_us N" (how late answers left, beyond the delay). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SLOTS (1 << 18)
#define PACKET_BYTES 1536
#define LATENESS_US 100000

struct waiting { int64_t due_ns; int length; unsigned char packet[PACKET_BYTES]; };

static struct waiting *ring;
static unsigned head, tail;
static long seen, answered, lateness[LATENESS_US + 1];
static volatile sig_atomic_t stopped;

static void stop(int signal_number) { (void)signal_number; stopped = 1; }

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int open_tun(const char *device) {
    struct ifreq request = {0};
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (tun < 0) { perror("/dev/net/tun"); exit(1); }
    strncpy(request.ifr_name, device, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(tun, TUNSETIFF, &request) < 0) { perror(device); exit(1); }
    return tun;
}

static int is_echo_request(const unsigned char *p, int n) {
    return n >= 28 && p[0] == 0x45 && p[9] == 1 && p[20] == 8;
}

/* Turn a request into its reply: addresses swapped, type 0, the checksum mended (RFC 1624). */
static void turn(unsigned char *p) {
    unsigned char address[4];
    memcpy(address, p + 12, 4);
    memcpy(p + 12, p + 16, 4);
    memcpy(p + 16, address, 4);
    p[20] = 0;
    unsigned sum = (unsigned)(p[22] << 8 | p[23]) + 0x0800;
    sum = (sum & 0xffff) + (sum >> 16);
    p[22] = (unsigned char)(sum >> 8);
    p[23] = (unsigned char)sum;
}

static int take(int tun, int64_t delay_ns, int loss_permille) {
    int took = 0;
    for (int i = 0; i < 64; i++) {
        struct waiting *w = &ring[head % SLOTS];
        w->length = (int)read(tun, w->packet, PACKET_BYTES);
        if (w->length <= 0) break;
        took = 1;
        if (!is_echo_request(w->packet, w->length)) continue;
        seen++;
        if (loss_permille && rand() % 1000 < loss_permille) continue;
        w->due_ns = now_ns() + delay_ns;
        if (++head - tail >= SLOTS) { fputs("too many packets wait\n", stderr); exit(1); }
    }
    return took;
}

static int give(int tun) {
    int gave = 0;
    for (int64_t t = now_ns(); tail != head && ring[tail % SLOTS].due_ns <= t; tail++, gave = 1) {
        struct waiting *w = &ring[tail % SLOTS];
        turn(w->packet);
        int64_t late_us = (now_ns() - w->due_ns) / 1000;
        if (write(tun, w->packet, (size_t)w->length) < 0 && errno != EAGAIN) perror("write");
        lateness[late_us > LATENESS_US ? LATENESS_US : late_us]++;
        answered++;
    }
    return gave;
}

static void rest(int tun) {
    struct pollfd readable = {tun, POLLIN, 0};
    int64_t wait_ns = 200000000;
    if (tail != head && ring[tail % SLOTS].due_ns - now_ns() < wait_ns) wait_ns = ring[tail % SLOTS].due_ns - now_ns();
    struct timespec wait = {0, wait_ns > 0 ? wait_ns : 0};
    ppoll(&readable, 1, &wait, NULL);
}

static int percentile(double share) {
    long passed = 0;
    for (int us = 0; us <= LATENESS_US; us++)
        if ((passed += lateness[us]) >= (long)((double)answered * share)) return us;
    return LATENESS_US;
}

int main(int count, char **words) {
    if (count != 4) { fputs("usage: tunfar DEVICE DELAY_US LOSS_PERMILLE\n", stderr); return 2; }
    int64_t delay_ns = atoll(words[2]) * 1000;
    int loss_permille = atoi(words[3]);
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    prctl(PR_SET_TIMERSLACK, 1000);
    ring = calloc(SLOTS, sizeof *ring);
    if (!ring) { perror("memory"); return 1; }
    int tun = open_tun(words[1]);
    puts("up");
    fflush(stdout);
    while (!stopped) {
        int busy = take(tun, delay_ns, loss_permille);
        busy |= give(tun);
        if (!busy) rest(tun);
    }
    printf("seen %ld answered %ld late_p50_us %d late_p99_us %d\n", seen, answered, percentile(0.5), percentile(0.99));
    return 0;
}
