/*
 * Two accounts of libotr that talk to each other within one process, for the
 * benches: how long libotr takes, with no pipe between.
 *
 *   race KEYS
 *
 * KEYS is a file of private keys with one account. A command each line:
 *
 *   sessions N      key exchanges, each from the query on
 *   messages N LEN  texts of LEN bytes in one direction, each sent and read
 *   turns N LEN     the same in turns, so that keys change with each
 *   checks N        runs of SMP that succeed
 *
 * The answer is a line with how many nanoseconds all of them took together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libotr/proto.h>
#include <libotr/userstate.h>
#include <libotr/context.h>
#include <libotr/instag.h>
#include <libotr/privkey.h>
#include <libotr/tlv.h>
/* Needs those before it. */
#include <libotr/message.h>

#define PROTOCOL "prpl-jabber"
#define ACCOUNT "ben@example.net"
#define PEER "peer"
#define SECRET "swan"
#define QUEUE_MAX 64

struct side {
    OtrlUserState state;
    char *queue[QUEUE_MAX]; /* what it said and the other has not read yet */
    int count;
    int secure, asked, matched;
    char *heard;
};

static struct side sides[2];

static void fail(const char *why)
{
    fprintf(stderr, "race: %s\n", why);
    exit(1);
}

static OtrlPolicy policy(void *data, ConnContext *context)
{
    (void)data, (void)context;
    return OTRL_POLICY_ALLOW_V3;
}

static int is_logged_in(void *data, const char *name, const char *protocol, const char *peer)
{
    (void)data, (void)name, (void)protocol, (void)peer;
    return 1;
}

static void put(struct side *side, const char *message)
{
    if (side->count == QUEUE_MAX)
        fail("too many lines");
    side->queue[side->count++] = strdup(message);
}

static void inject(void *data, const char *name, const char *protocol, const char *peer,
                   const char *message)
{
    (void)name, (void)protocol, (void)peer;
    put(data, message);
}

static void gone_secure(void *data, ConnContext *context)
{
    (void)context;
    ((struct side *)data)->secure = 1;
}

static void create_instag(void *data, const char *name, const char *protocol)
{
    char file[] = "/dev/null";
    otrl_instag_generate(((struct side *)data)->state, file, name, protocol);
}

static void smp_event(void *data, OtrlSMPEvent event, ConnContext *context,
                      unsigned short percent, char *question)
{
    struct side *side = data;
    (void)context, (void)percent, (void)question;
    if (event == OTRL_SMPEVENT_ASK_FOR_SECRET)
        side->asked = 1;
    else if (event == OTRL_SMPEVENT_SUCCESS)
        side->matched = 1;
    else if (event != OTRL_SMPEVENT_IN_PROGRESS)
        fail("a check went wrong");
}

static OtrlMessageAppOps ops = {
    .policy = policy,
    .is_logged_in = is_logged_in,
    .inject_message = inject,
    .gone_secure = gone_secure,
    .create_instag = create_instag,
    .handle_smp_event = smp_event,
};

static ConnContext *context_of(struct side *side)
{
    return otrl_context_find(side->state, PEER, ACCOUNT, PROTOCOL, OTRL_INSTAG_BEST, 0, NULL, NULL,
                             NULL);
}

static void receive(struct side *side, const char *message)
{
    char *text = NULL;
    OtrlTLV *tlvs = NULL;
    int internal = otrl_message_receiving(side->state, &ops, side, ACCOUNT, PROTOCOL, PEER, message,
                                          &text, &tlvs, NULL, NULL, NULL);
    if (!internal) {
        free(side->heard);
        side->heard = strdup(text ? text : message);
    }
    otrl_tlv_free(tlvs);
    otrl_message_free(text);
}

/* Carries lines until nobody has any. */
static void carry(void)
{
    while (sides[0].count || sides[1].count) {
        for (int i = 0; i < 2; i++) {
            struct side *from = &sides[i], *to = &sides[1 - i];
            for (int j = 0; j < from->count; j++) {
                receive(to, from->queue[j]);
                free(from->queue[j]);
            }
            from->count = 0;
        }
    }
}

static void say(int from, const char *text)
{
    struct side *side = &sides[from], *to = &sides[1 - from];
    char *sent = NULL;
    gcry_error_t error = otrl_message_sending(side->state, &ops, side, ACCOUNT, PROTOCOL, PEER,
                                              OTRL_INSTAG_BEST, text, NULL, &sent,
                                              OTRL_FRAGMENT_SEND_SKIP, NULL, NULL, NULL);
    if (error || !sent)
        fail("a text was not sent");
    receive(to, sent);
    otrl_message_free(sent);
    carry();
    if (!to->heard || strcmp(to->heard, text))
        fail("another text came out");
}

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void begin(void)
{
    put(&sides[0], "?OTRv3?");
    sides[0].secure = sides[1].secure = 0;
    carry();
    if (!sides[0].secure || !sides[1].secure)
        fail("no session began");
}

static long long sessions(int count)
{
    long long taken = 0;
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < 2; j++) {
            ConnContext *context = context_of(&sides[j]);
            if (context)
                otrl_context_force_plaintext(context);
        }
        long long start = now();
        begin();
        taken += now() - start;
    }
    return taken;
}

static long long messages(int count, int len, int in_turns)
{
    char *text = malloc(len + 1);
    if (!text)
        fail("no memory");
    memset(text, 'x', len);
    text[len] = 0;
    long long start = now();
    for (int i = 0; i < count; i++)
        say(in_turns ? i % 2 : 0, text);
    long long taken = now() - start;
    free(text);
    return taken;
}

static long long checks(int count)
{
    long long start = now();
    for (int i = 0; i < count; i++) {
        sides[0].matched = sides[1].matched = sides[1].asked = 0;
        otrl_message_initiate_smp(sides[0].state, &ops, &sides[0], context_of(&sides[0]),
                                  (const unsigned char *)SECRET, strlen(SECRET));
        carry();
        if (!sides[1].asked)
            fail("nobody was asked");
        otrl_message_respond_smp(sides[1].state, &ops, &sides[1], context_of(&sides[1]),
                                 (const unsigned char *)SECRET, strlen(SECRET));
        carry();
        if (!sides[0].matched || !sides[1].matched)
            fail("a check did not succeed");
    }
    return now() - start;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    OTRL_INIT;
    for (int i = 0; i < 2; i++) {
        sides[i].state = otrl_userstate_create();
        if (otrl_privkey_read(sides[i].state, argv[1]))
            fail("the keys can't be read");
    }
    begin();

    char name[16];
    int count, len;
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        int words = sscanf(line, "%15s %d %d", name, &count, &len);
        long long taken;
        if (words == 2 && !strcmp(name, "sessions"))
            taken = sessions(count);
        else if (words == 2 && !strcmp(name, "checks"))
            taken = checks(count);
        else if (words == 3 && (!strcmp(name, "messages") || !strcmp(name, "turns")))
            taken = messages(count, len, name[0] == 't');
        else
            return 2;
        printf("%lld\n", taken);
        fflush(stdout);
    }
    return 0;
}
