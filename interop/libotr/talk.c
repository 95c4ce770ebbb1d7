/*
 * libotr on standard input and output, for tests: a command each line, its
 * results as lines, and "done" at the end of each command. Texts are in
 * hexadecimal digits, "-" is an empty one.
 *
 *   talk FOLDER ACCOUNT POLICY LONGEST
 *
 * FOLDER holds libotr's files keys, tags and fingerprints; what is missing is
 * made. POLICY is the number of libotr's flags; LONGEST the carrier's longest
 * message, 0 for none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libotr/proto.h>
#include <libotr/userstate.h>
#include <libotr/context.h>
#include <libotr/instag.h>
#include <libotr/privkey.h>
#include <libotr/tlv.h>
/* Needs those before it. */
#include <libotr/message.h>

#define PROTOCOL "prpl-jabber"
#define PEER "peer"

static OtrlUserState state;
static const char *account;
static OtrlPolicy policy_flags;
static int longest;
static char keys_file[4096], tags_file[4096], fingerprints_file[4096];

static void show(const unsigned char *bytes, size_t len)
{
    if (len == 0)
        putchar('-');
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
}

static void line(const char *name, const char *text)
{
    printf("%s ", name);
    show((const unsigned char *)text, text ? strlen(text) : 0);
    putchar('\n');
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of a hexadecimal word, with a NUL behind them. */
static unsigned char *bytes_of(const char *hex, size_t *len)
{
    size_t digits = hex && strcmp(hex, "-") ? strlen(hex) : 0;
    unsigned char *bytes = calloc(digits / 2 + 1, 1);
    if (!bytes)
        exit(3);
    for (size_t i = 0; i + 1 < digits; i += 2)
        bytes[i / 2] = (unsigned char)(digit(hex[i]) << 4 | digit(hex[i + 1]));
    *len = digits / 2;
    return bytes;
}

static OtrlPolicy policy(void *data, ConnContext *context)
{
    (void)data, (void)context;
    return policy_flags;
}

static void create_privkey(void *data, const char *name, const char *protocol)
{
    (void)data;
    otrl_privkey_generate(state, keys_file, name, protocol);
}

static void create_instag(void *data, const char *name, const char *protocol)
{
    (void)data;
    otrl_instag_generate(state, tags_file, name, protocol);
}

static int is_logged_in(void *data, const char *name, const char *protocol, const char *peer)
{
    (void)data, (void)name, (void)protocol, (void)peer;
    return 1;
}

static void inject(void *data, const char *name, const char *protocol, const char *peer,
                   const char *message)
{
    (void)data, (void)name, (void)protocol, (void)peer;
    line("send", message);
}

static void fingerprint_line(const char *event, ConnContext *context)
{
    char human[OTRL_PRIVKEY_FPRINT_HUMAN_LEN] = "";
    if (context->active_fingerprint)
        otrl_privkey_hash_to_human(human, context->active_fingerprint->fingerprint);
    printf("%s v%d %08x ", event, context->protocol_version, context->their_instance);
    show(context->sessionid, context->sessionid_len);
    printf(" %d %s\n", context->sessionid_half == OTRL_SESSIONID_FIRST_HALF_BOLD, human);
}

static void gone_secure(void *data, ConnContext *context)
{
    (void)data;
    fingerprint_line("secure", context);
}

static void still_secure(void *data, ConnContext *context, int is_reply)
{
    (void)data, (void)is_reply;
    fingerprint_line("still", context);
}

static void gone_insecure(void *data, ConnContext *context)
{
    (void)data, (void)context;
    puts("insecure");
}

static void new_fingerprint(void *data, OtrlUserState us, const char *name, const char *protocol,
                            const char *peer, unsigned char fingerprint[20])
{
    (void)data, (void)us, (void)name, (void)protocol, (void)peer, (void)fingerprint;
}

static void write_fingerprints(void *data)
{
    (void)data;
    otrl_privkey_write_fingerprints(state, fingerprints_file);
}

static int max_message_size(void *data, ConnContext *context)
{
    (void)data, (void)context;
    return longest;
}

static void received_symkey(void *data, ConnContext *context, unsigned int use,
                            const unsigned char *usedata, size_t len, const unsigned char *key)
{
    (void)data, (void)context;
    printf("symkey %u ", use);
    show(usedata, len);
    putchar(' ');
    show(key, OTRL_EXTRAKEY_BYTES);
    putchar('\n');
}

static const char *error_message(void *data, ConnContext *context, OtrlErrorCode code)
{
    (void)data, (void)context;
    static char text[32];
    snprintf(text, sizeof text, "code %d", (int)code);
    return text;
}

static void smp_event(void *data, OtrlSMPEvent event, ConnContext *context,
                      unsigned short percent, char *question)
{
    static const char *names[] = { "none",     "error",  "aborted",  "cheated", "ask-answer",
                                   "ask-secret", "going", "success", "failure" };
    (void)data;
    printf("smp %s %u ", names[event], percent);
    show((unsigned char *)question, question ? strlen(question) : 0);
    putchar('\n');
    if (event == OTRL_SMPEVENT_ERROR || event == OTRL_SMPEVENT_CHEATED) {
        OtrlMessageAppOps *ops = data;
        otrl_message_abort_smp(state, ops, ops, context);
    }
}

static void msg_event(void *data, OtrlMessageEvent event, ConnContext *context,
                      const char *message, gcry_error_t error)
{
    (void)data, (void)context, (void)error;
    printf("event %d ", (int)event);
    show((const unsigned char *)message, message ? strlen(message) : 0);
    putchar('\n');
}

static OtrlMessageAppOps ops = {
    .policy = policy,
    .create_privkey = create_privkey,
    .is_logged_in = is_logged_in,
    .inject_message = inject,
    .new_fingerprint = new_fingerprint,
    .write_fingerprints = write_fingerprints,
    .gone_secure = gone_secure,
    .gone_insecure = gone_insecure,
    .still_secure = still_secure,
    .max_message_size = max_message_size,
    .received_symkey = received_symkey,
    .otr_error_message = error_message,
    .handle_smp_event = smp_event,
    .handle_msg_event = msg_event,
    .create_instag = create_instag,
};

static ConnContext *best(void)
{
    return otrl_context_find(state, PEER, account, PROTOCOL, OTRL_INSTAG_BEST, 0, NULL, NULL, NULL);
}

static void receive(const char *message)
{
    char *text = NULL;
    OtrlTLV *tlvs = NULL;
    ConnContext *context = NULL;
    int internal = otrl_message_receiving(state, &ops, &ops, account, PROTOCOL, PEER, message, &text,
                                          &tlvs, &context, NULL, NULL);
    if (!internal)
        line("text", text ? text : message);
    if (otrl_tlv_find(tlvs, OTRL_TLV_DISCONNECTED))
        puts("disconnected");
    otrl_tlv_free(tlvs);
    otrl_message_free(text);
}

static void say(const char *message)
{
    char *text = NULL;
    ConnContext *context = NULL;
    gcry_error_t error = otrl_message_sending(state, &ops, &ops, account, PROTOCOL, PEER,
                                              OTRL_INSTAG_BEST, message, NULL, &text,
                                              OTRL_FRAGMENT_SEND_ALL, &context, NULL, NULL);
    if (error)
        printf("error %u\n", error);
    else if (!text)
        line("send", message);
    otrl_message_free(text);
}

static void command(char *name, char *one, char *two)
{
    size_t one_len, two_len;
    unsigned char *first = bytes_of(one, &one_len), *second = bytes_of(two, &two_len);
    ConnContext *context = best();
    if (!strcmp(name, "recv")) {
        receive((char *)first);
    } else if (!strcmp(name, "say")) {
        say((char *)first);
    } else if (!strcmp(name, "query")) {
        char *query = otrl_proto_default_query_msg(account, policy_flags);
        line("send", query);
        free(query);
    } else if (!strcmp(name, "end")) {
        otrl_message_disconnect_all_instances(state, &ops, &ops, account, PROTOCOL, PEER);
    } else if (!strcmp(name, "fingerprint")) {
        char human[OTRL_PRIVKEY_FPRINT_HUMAN_LEN] = "";
        if (!otrl_privkey_find(state, account, PROTOCOL))
            create_privkey(NULL, account, PROTOCOL);
        if (!otrl_instag_find(state, account, PROTOCOL))
            create_instag(NULL, account, PROTOCOL);
        otrl_privkey_fingerprint(state, human, account, PROTOCOL);
        printf("fingerprint %08x %s\n", otrl_instag_find(state, account, PROTOCOL)->instag, human);
    } else if (!strcmp(name, "trust")) {
        if (context && context->active_fingerprint) {
            otrl_context_set_trust(context->active_fingerprint, (char *)first);
            write_fingerprints(NULL);
        }
    } else if (!context) {
        puts("nobody");
    } else if (!strcmp(name, "smp")) {
        otrl_message_initiate_smp(state, &ops, &ops, context, first, one_len);
    } else if (!strcmp(name, "smpq")) {
        otrl_message_initiate_smp_q(state, &ops, &ops, context, (char *)first, second, two_len);
    } else if (!strcmp(name, "answer")) {
        otrl_message_respond_smp(state, &ops, &ops, context, first, one_len);
    } else if (!strcmp(name, "abort")) {
        otrl_message_abort_smp(state, &ops, &ops, context);
    } else if (!strcmp(name, "symkey")) {
        unsigned char key[OTRL_EXTRAKEY_BYTES];
        if (!otrl_message_symkey(state, &ops, &ops, context, 7, first, one_len, key)) {
            printf("symkey 7 - ");
            show(key, sizeof key);
            putchar('\n');
        }
    } else {
        puts("unknown");
    }
    free(first);
    free(second);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    OTRL_INIT;
    gcry_control(GCRYCTL_ENABLE_QUICK_RANDOM, 0);
    state = otrl_userstate_create();
    account = argv[2];
    policy_flags = (OtrlPolicy)atoi(argv[3]);
    longest = atoi(argv[4]);
    snprintf(keys_file, sizeof keys_file, "%s/keys", argv[1]);
    snprintf(tags_file, sizeof tags_file, "%s/tags", argv[1]);
    snprintf(fingerprints_file, sizeof fingerprints_file, "%s/fingerprints", argv[1]);
    otrl_privkey_read(state, keys_file);
    otrl_instag_read(state, tags_file);
    otrl_privkey_read_fingerprints(state, fingerprints_file, NULL, NULL);

    char *input = NULL;
    size_t size = 0;
    while (getline(&input, &size, stdin) > 0) {
        char *name = strtok(input, " \n"), *one = strtok(NULL, " \n"), *two = strtok(NULL, " \n");
        if (name)
            command(name, one, two);
        puts("done");
        fflush(stdout);
    }
    free(input);
    otrl_userstate_free(state);
    return 0;
}
