/* Many SNMP agents in one program, for benches: each IPv4 address of the loopback is one of them, all at one port.
 *
 * They speak SNMPv2c (RFC 3416) whatever the community, and SNMPv3 (RFC 3412, RFC 3414) to the user `bench`, who signs
 * with HMAC-SHA-256 (RFC 7860) and encrypts with AES-128 (RFC 3826), both with the secret given. Each has a name, and
 * interfaces in those columns of ifTable and ifXTable that are read every minute; four counters in ten stand still.
 * Addresses of 127.66.0.0/16 are agents that say nothing. A row is written on standard output once all of them listen.
 * usage: agent PORT INTERFACES SECONDS SECRET     It ends by itself after so many seconds.
 * built: cc -O2 -o agent agent.c -lcrypto
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { INTEGER = 0x02, OCTETS = 0x04, NAME = 0x06, SEQUENCE = 0x30 };
enum { COUNTER32 = 0x41, GAUGE = 0x42, TICKS = 0x43, COUNTER64 = 0x46, NO_INSTANCE = 0x81, END_OF_VIEW = 0x82 };
enum { GET = 0xA0, NEXT = 0xA1, RESPONSE = 0xA2, BULK = 0xA5, REPORT = 0xA8 };
enum { SIGNED = 1, ENCRYPTED = 2, KEY = 32, MAC = 24, SALT = 8, ENGINE_NAME = 9, WINDOW = 150 };
enum { PACKET = 1472, ROOM = 32768, MOST_OBJECTS = 16384 };

/* What is said of each interface, table by table, column by column: the order of the MIB. */
static const struct { uint8_t table, column, tag; } COLUMNS[] = {
    {2, 2, OCTETS},      {2, 7, INTEGER},    {2, 8, INTEGER},     {2, 13, COUNTER32},  {2, 14, COUNTER32},
    {2, 19, COUNTER32},  {2, 20, COUNTER32}, {31, 1, OCTETS},     {31, 6, COUNTER64},  {31, 7, COUNTER64},
    {31, 10, COUNTER64}, {31, 11, COUNTER64}, {31, 15, GAUGE},    {31, 19, TICKS},
};

typedef struct { uint8_t name[16], length, tag, column, row; } Object;
typedef struct { const uint8_t *at, *end; } Span;
typedef struct { uint8_t octets[ROOM]; size_t used; } Message;

static Object objects[MOST_OBJECTS];
static int object_count;
static uint8_t master[KEY];
static uint64_t salt;
static struct timespec began;

/* What is read: a tag, a length, that many octets (X.690). */

static bool take(Span *from, int tag, Span *content) {
    if (from->end - from->at < 2 || from->at[0] != tag) return false;
    size_t length = from->at[1];
    from->at += 2;
    if (length & 0x80) {
        int digits = length & 0x7F;
        if (digits > 3 || from->end - from->at < digits) return false;
        for (length = 0; digits--;) length = length << 8 | *from->at++;
    }
    if ((size_t)(from->end - from->at) < length) return false;
    *content = (Span){from->at, from->at + length};
    from->at += length;
    return true;
}

static bool take_number(Span *from, uint32_t *number) {
    Span content;
    if (!take(from, INTEGER, &content)) return false;
    for (*number = 0; content.at < content.end;) *number = *number << 8 | *content.at++;
    return true;
}

static size_t size_of(Span span) { return span.end - span.at; }

/* What is written: lengths of more than an octet always have two, so that they can be filled in afterwards. */

static void put(Message *to, int tag, const void *content, size_t length) {
    if (to->used + length + 8 > ROOM || length > 127) return;
    to->octets[to->used++] = tag;
    to->octets[to->used++] = length;
    memcpy(to->octets + to->used, content, length);
    to->used += length;
}

static void put_number(Message *to, int tag, uint64_t number) {
    uint8_t digits[9], *first = digits + 9;
    do *--first = number, number >>= 8; while (number);
    if (*first & 0x80) *--first = 0;
    put(to, tag, first, digits + 9 - first);
}

static size_t open_part(Message *to, int tag) {
    to->octets[to->used] = tag;
    to->octets[to->used + 1] = 0x82;
    return to->used += 4;
}

static void close_part(Message *to, size_t begins) {
    size_t length = to->used - begins;
    to->octets[begins - 2] = length >> 8;
    to->octets[begins - 1] = length;
}

/* What there is to say. */

static void add_object(const char *name, int length, int tag, int column, int row) {
    Object *object = &objects[object_count++];
    memcpy(object->name, name, length);
    object->length = length, object->tag = tag, object->column = column, object->row = row;
}

static void make_objects(int interfaces) {
    add_object("\x2b\6\1\2\1\1\1\0", 8, OCTETS, 1, 0); /* sysDescr, sysObjectID, sysUpTime, sysName */
    add_object("\x2b\6\1\2\1\1\2\0", 8, NAME, 2, 0);
    add_object("\x2b\6\1\2\1\1\3\0", 8, TICKS, 3, 0);
    add_object("\x2b\6\1\2\1\1\5\0", 8, OCTETS, 5, 0);
    for (size_t rank = 0; rank < sizeof COLUMNS / sizeof *COLUMNS; rank++)
        for (int row = 1; row <= interfaces; row++) {
            char low[] = {0x2b, 6, 1, 2, 1, 2, 2, 1, COLUMNS[rank].column, row};
            char high[] = {0x2b, 6, 1, 2, 1, 31, 1, 1, 1, COLUMNS[rank].column, row};
            bool extended = COLUMNS[rank].table == 31;
            add_object(extended ? high : low, extended ? 11 : 10, COLUMNS[rank].tag, COLUMNS[rank].column, row);
        }
    add_object("\x2b\6\1\2\1\x1f\1\5\0", 9, TICKS, 0, 0); /* ifTableLastChange */
}

static uint64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - began.tv_sec) * 1000LL + (now.tv_nsec - began.tv_nsec) / 1000000;
}

static uint64_t count(const Object *object, uint32_t agent) {
    uint64_t own = (agent * 131ULL + object->column) * 257 + object->row;
    own = (own ^ own >> 29) * 0x9E3779B97F4A7C15ULL;
    uint64_t pace = own % 10 < 4 ? 0 : (own >> 8) % (object->tag == COUNTER32 ? 16 : 100000);
    uint64_t number = (own >> 24) % 1000000000 + pace * milliseconds();
    return object->tag == COUNTER32 ? number & 0xFFFFFFFF : number * 1000;
}

static void put_value(Message *to, const Object *object, uint32_t agent) {
    char words[32];
    if (object->tag == NAME) put(to, NAME, "\x2b\6\1\4\1\x82\x37", 7);
    else if (object->tag == OCTETS && object->row)
        put(to, OCTETS, words, snprintf(words, sizeof words, "Gi1/0/%d", object->row));
    else if (object->tag == OCTETS) put(to, OCTETS, words, snprintf(words, sizeof words, "switch%08x", agent));
    else if (object->tag == INTEGER) put_number(to, INTEGER, 1);
    else if (object->tag == GAUGE) put_number(to, GAUGE, 10000);
    else if (object->tag == TICKS) put_number(to, TICKS, object->column == 3 ? milliseconds() / 10 + 9000 : 0);
    else put_number(to, object->tag, count(object, agent));
}

/* Octets stand in the order of the numbers they encode wherever one of the two has numbers below 128 only, as ours. */
static int compare(const Object *object, Span name) {
    size_t length = size_of(name), common = length < object->length ? length : object->length;
    int order = memcmp(object->name, name.at, common);
    return order ? order : (object->length > length) - (object->length < length);
}

/* Where the first object after this name stands. */
static int after(Span name) {
    int low = 0, high = object_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (compare(&objects[middle], name) <= 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void put_bind(Message *to, int place, uint32_t agent) {
    size_t bind = open_part(to, SEQUENCE);
    put(to, NAME, objects[place].name, objects[place].length);
    put_value(to, &objects[place], agent);
    close_part(to, bind);
}

static void put_exception(Message *to, Span name, int tag) {
    size_t bind = open_part(to, SEQUENCE);
    put(to, NAME, name.at, size_of(name));
    put(to, tag, "", 0);
    close_part(to, bind);
}

static void put_bulk(Message *to, Span name, uint32_t repetitions, uint32_t agent) {
    int place = after(name);
    for (; repetitions && place < object_count && to->used < PACKET - 64; repetitions--) put_bind(to, place++, agent);
    const Object *last = &objects[object_count - 1];
    Span end = {last->name, last->name + last->length};
    if (repetitions && place == object_count) put_exception(to, end, END_OF_VIEW);
}

/* The reply to a PDU; of the names in a GETBULK the first alone is walked, which is all that pollers ask. */
static bool answer(Span from, int kind, Message *to, uint32_t agent) {
    Span pdu, binds, bind, name;
    uint32_t request, first, second;
    if (!take(&from, kind, &pdu) || !take_number(&pdu, &request) || !take_number(&pdu, &first) ||
        !take_number(&pdu, &second) || !take(&pdu, SEQUENCE, &binds)) return false;
    size_t reply = open_part(to, RESPONSE);
    put_number(to, INTEGER, request);
    put_number(to, INTEGER, 0);
    put_number(to, INTEGER, 0);
    size_t said = open_part(to, SEQUENCE);
    while (take(&binds, SEQUENCE, &bind) && take(&bind, NAME, &name) && to->used < ROOM / 2) {
        int place = after(name);
        if (kind == BULK) {
            put_bulk(to, name, second, agent);
            break;
        }
        if (kind == GET) place = place && !compare(&objects[place - 1], name) ? place - 1 : object_count;
        if (place < object_count) put_bind(to, place, agent);
        else put_exception(to, name, kind == GET ? NO_INSTANCE : END_OF_VIEW);
    }
    close_part(to, said);
    close_part(to, reply);
    return true;
}

/* SNMPv3: who speaks, the clock, the signature and the cipher. */

typedef struct { uint8_t engine[ENGINE_NAME], key[KEY]; uint32_t time; } Identity;

static void make_master(const char *secret) {
    size_t length = strlen(secret), octets = 1 << 20;
    uint8_t *long_secret = malloc(octets);
    for (size_t place = 0; place < octets; place++) long_secret[place] = secret[place % length];
    EVP_Digest(long_secret, octets, master, NULL, EVP_sha256(), NULL);
    free(long_secret);
}

static Identity identity(uint32_t agent) {
    Identity own = {.engine = {0x80, 0, 0x1F, 0x88, 1}, .time = milliseconds() / 1000 + 100};
    uint32_t address = htonl(agent);
    uint8_t text[2 * KEY + ENGINE_NAME];
    memcpy(own.engine + 5, &address, 4);
    memcpy(text, master, KEY);
    memcpy(text + KEY, own.engine, ENGINE_NAME);
    memcpy(text + KEY + ENGINE_NAME, master, KEY);
    EVP_Digest(text, sizeof text, own.key, NULL, EVP_sha256(), NULL);
    return own;
}

static void cipher(const Identity *own, bool encrypt, uint32_t time, const uint8_t *salted, Span in, uint8_t *out) {
    static EVP_CIPHER_CTX *context;
    uint32_t start[] = {htonl(1), htonl(time)};
    uint8_t vector[16];
    int written;
    if (!context) context = EVP_CIPHER_CTX_new();
    memcpy(vector, start, 8);
    memcpy(vector + 8, salted, SALT);
    EVP_CipherInit_ex(context, EVP_aes_128_cfb128(), NULL, own->key, vector, encrypt);
    EVP_CipherUpdate(context, out, &written, in.at, size_of(in));
}

static void sign(const Identity *own, uint8_t *text, size_t length, uint8_t *mac) {
    uint8_t whole[KEY];
    HMAC(EVP_sha256(), own->key, KEY, text, length, whole, NULL);
    memcpy(mac, whole, MAC);
}

/* The header; the result and `salted` are where the signature and the salt stand. */
static size_t put_security(Message *to, const Identity *own, Span number, int flags, Span user, size_t *salted) {
    size_t header = open_part(to, SEQUENCE);
    put(to, INTEGER, number.at, size_of(number));
    put_number(to, INTEGER, 65507);
    put(to, OCTETS, (uint8_t[]){flags}, 1);
    put_number(to, INTEGER, 3);
    close_part(to, header);
    size_t outer = open_part(to, OCTETS), inner = open_part(to, SEQUENCE);
    put(to, OCTETS, own->engine, ENGINE_NAME);
    put_number(to, INTEGER, 1);
    put_number(to, INTEGER, own->time);
    put(to, OCTETS, user.at, size_of(user));
    put(to, OCTETS, (uint8_t[MAC]){0}, flags & SIGNED ? MAC : 0);
    size_t mac = to->used - MAC;
    salt++;
    put(to, OCTETS, &salt, flags & ENCRYPTED ? SALT : 0);
    *salted = to->used - SALT;
    close_part(to, inner);
    close_part(to, outer);
    return mac;
}

/* A report counts those who did not know our name (4) or our clock (2): usmStats, RFC 3414, 5. */
static void put_report(Message *to, int counter) {
    size_t report = open_part(to, REPORT);
    for (int zero = 0; zero < 3; zero++) put_number(to, INTEGER, 0);
    size_t binds = open_part(to, SEQUENCE), bind = open_part(to, SEQUENCE);
    put(to, NAME, (uint8_t[]){0x2B, 6, 1, 6, 3, 15, 1, 1, counter, 0}, 10);
    put_number(to, COUNTER32, 1);
    close_part(to, bind);
    close_part(to, binds);
    close_part(to, report);
}

static bool answer_signed(Span whole, Span from, Message *to, size_t message, uint32_t agent) {
    Identity own = identity(agent);
    Span header, number, size, flags, security, inside, engine, user, mac, salted, scoped, name;
    uint32_t boots, time;
    uint8_t plain[PACKET], text[PACKET], right[MAC];
    if (!take(&from, SEQUENCE, &header) || !take(&header, INTEGER, &number) || !take(&header, INTEGER, &size) ||
        !take(&header, OCTETS, &flags) || size_of(flags) != 1 || !take(&from, OCTETS, &security) ||
        !take(&security, SEQUENCE, &inside) || !take(&inside, OCTETS, &engine) || !take_number(&inside, &boots) ||
        !take_number(&inside, &time) || !take(&inside, OCTETS, &user) || !take(&inside, OCTETS, &mac) ||
        !take(&inside, OCTETS, &salted) || size_of(whole) > PACKET) return false;
    int wanted = flags.at[0] & (SIGNED | ENCRYPTED), report = 0;
    if (!size_of(engine)) report = 4, wanted = 0;
    else {
        if (!(wanted & SIGNED) || size_of(mac) != MAC) return false;
        memcpy(text, whole.at, size_of(whole));
        memset(text + (mac.at - whole.at), 0, MAC);
        sign(&own, text, size_of(whole), right);
        if (memcmp(right, mac.at, MAC)) return false;
        if (boots != 1 || time + WINDOW < own.time || time > own.time + WINDOW) report = 2, wanted = SIGNED;
    }
    if (!report && wanted & ENCRYPTED) {
        if (size_of(salted) != SALT || !take(&from, OCTETS, &scoped)) return false;
        cipher(&own, false, time, salted.at, scoped, plain);
        from = (Span){plain, plain + size_of(scoped)};
    }
    size_t place, signature = put_security(to, &own, number, wanted, user, &place);
    size_t hidden = wanted & ENCRYPTED ? open_part(to, OCTETS) : 0, own_scope = open_part(to, SEQUENCE);
    put(to, OCTETS, own.engine, ENGINE_NAME);
    put(to, OCTETS, "", 0);
    if (report) put_report(to, report);
    else if (!take(&from, SEQUENCE, &scoped) || !take(&scoped, OCTETS, &engine) || !take(&scoped, OCTETS, &name) ||
             scoped.at == scoped.end || !answer(scoped, *scoped.at, to, agent)) return false;
    close_part(to, own_scope);
    if (hidden) {
        close_part(to, hidden);
        uint8_t *plainly = to->octets + hidden;
        cipher(&own, true, own.time, to->octets + place, (Span){plainly, to->octets + to->used}, plainly);
    }
    close_part(to, message);
    if (wanted & SIGNED) sign(&own, to->octets, to->used, to->octets + signature);
    return true;
}

static bool reply(Span datagram, Message *to, uint32_t agent) {
    Span whole = datagram, from, community;
    uint32_t version;
    if (agent >> 16 == 0x7F42 || !take(&datagram, SEQUENCE, &from) || !take_number(&from, &version)) return false;
    to->used = 0;
    size_t message = open_part(to, SEQUENCE);
    put_number(to, INTEGER, version);
    if (version == 3) return answer_signed(whole, from, to, message, agent);
    if (version != 1 || !take(&from, OCTETS, &community) || from.at == from.end) return false;
    put(to, OCTETS, community.at, size_of(community));
    if (!answer(from, *from.at, to, agent)) return false;
    close_part(to, message);
    return true;
}

/* The datagrams: each reply leaves from the address that was asked. */

static uint32_t asked_of(struct msghdr *datagram) {
    for (struct cmsghdr *part = CMSG_FIRSTHDR(datagram); part; part = CMSG_NXTHDR(datagram, part))
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *told = (void *)CMSG_DATA(part);
            told->ipi_ifindex = 0;
            told->ipi_spec_dst = told->ipi_addr;
            return ntohl(told->ipi_addr.s_addr);
        }
    return 0;
}

static int listening(int port) {
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0), yes = 1, room = 8 << 20;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes);
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) ||
        bind(descriptor, (struct sockaddr *)&address, sizeof address)) {
        perror("agent");
        exit(1);
    }
    return descriptor;
}

int main(int argc, char **argv) {
    if (argc != 5 || atoi(argv[2]) < 1 || atoi(argv[2]) > 127 || !*argv[4]) return 2;
    clock_gettime(CLOCK_MONOTONIC, &began);
    make_objects(atoi(argv[2]));
    make_master(argv[4]);
    alarm(atoi(argv[3]));
    int descriptor = listening(atoi(argv[1]));
    puts("ready");
    fflush(stdout);
    static Message out;
    uint8_t in[PACKET], control[128];
    struct sockaddr_in from;
    for (;;) {
        struct iovec part = {in, sizeof in};
        struct msghdr datagram = {&from, sizeof from, &part, 1, control, sizeof control, 0};
        ssize_t heard = recvmsg(descriptor, &datagram, 0);
        if (heard < 0 || !reply((Span){in, in + heard}, &out, asked_of(&datagram))) continue;
        part = (struct iovec){out.octets, out.used};
        datagram.msg_flags = 0;
        sendmsg(descriptor, &datagram, 0);
    }
}
