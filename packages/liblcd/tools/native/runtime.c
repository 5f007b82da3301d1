// SPDX-License-Identifier: MIT
/* What lcd-runtime.ko adds to liblcd, but for what only assembly can call. */
#include <ctype.h>
#include <errno.h>
#include "harness.h"

struct kernel_param;
struct kernel_param_ops {
	unsigned int flags;
	int (*set)(const char *value, const struct kernel_param *param);
	int (*get)(char *buffer, const struct kernel_param *param);
	void (*free)(void *arg);
};
struct kernel_param {
	const char *name;
	void *mod;
	const struct kernel_param_ops *ops;
	uint16_t perm;
	int8_t level;
	uint8_t flags;
	void *arg;
};
struct kparam_string {
	unsigned int maxlen;
	char *string;
};
struct kparam_array {
	unsigned int max, elemsize, *num;
	const struct kernel_param_ops *ops;
	void *elem;
};
extern const struct kernel_param_ops k_param_ops_byte, k_param_ops_short, k_param_ops_ushort, k_param_ops_int,
	k_param_ops_uint, k_param_ops_hexint, k_param_ops_long, k_param_ops_ulong, k_param_ops_ullong,
	k_param_ops_charp, k_param_ops_bool, k_param_ops_invbool, k_param_ops_string, k_param_array_ops;

static int set(const struct kernel_param_ops *ops, const char *value, void *arg)
{
	struct kernel_param param = { .name = "p", .ops = ops, .arg = arg };

	return ops->set(value, &param);
}

static const char *get(const struct kernel_param_ops *ops, void *arg)
{
	static char text[4096];
	struct kernel_param param = { .name = "p", .ops = ops, .arg = arg };

	CHECK(ops->get(text, &param) == (int)strlen(text));
	return text;
}

static void numbers(void)
{
	static const struct {
		const struct kernel_param_ops *ops;
		const char *fits, *prints, *too_much;
	} types[] = {
		{ &k_param_ops_byte, "0xff", "255\n", "256" },
		{ &k_param_ops_short, "-32768", "-32768\n", "32768" },
		{ &k_param_ops_ushort, "65535", "65535\n", "65536" },
		{ &k_param_ops_int, "-2147483648", "-2147483648\n", "2147483648" },
		{ &k_param_ops_uint, "4294967295", "4294967295\n", "4294967296" },
		{ &k_param_ops_hexint, "255", "0x0000ff\n", "4294967296" },
		{ &k_param_ops_long, "-9223372036854775808", "-9223372036854775808\n", "9223372036854775808" },
		{ &k_param_ops_ulong, "18446744073709551615", "18446744073709551615\n", "18446744073709551616" },
		{ &k_param_ops_ullong, "010", "8\n", "18446744073709551616" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		uint64_t value = 0;

		CHECK(set(types[i].ops, types[i].fits, &value) == 0);
		CHECK(!strcmp(get(types[i].ops, &value), types[i].prints));
		CHECK(set(types[i].ops, types[i].too_much, &value) == -ERANGE);
		CHECK(set(types[i].ops, "12x", &value) == -EINVAL && set(types[i].ops, "", &value) == -EINVAL);
		CHECK(set(types[i].ops, NULL, &value) == -EINVAL);
		CHECK(!strcmp(get(types[i].ops, &value), types[i].prints));
	}
}

static void texts_and_switches(void)
{
	char buffer[4] = "old", long_text[1100], *text = NULL;
	struct kparam_string string = { sizeof(buffer), buffer };
	bool on = false;

	CHECK(set(&k_param_ops_charp, "hello", &text) == 0 && !strcmp(text, "hello"));
	CHECK(!strcmp(get(&k_param_ops_charp, &text), "hello\n"));
	memset(long_text, 'x', sizeof(long_text));
	long_text[1025] = 0;
	CHECK(set(&k_param_ops_charp, long_text, &text) == -ENOSPC && !strcmp(text, "hello"));
	long_text[1024] = 0;
	CHECK(set(&k_param_ops_charp, long_text, &text) == 0 && !strcmp(text, long_text));
	CHECK(set(&k_param_ops_string, "abc", &string) == 0 && !strcmp(buffer, "abc"));
	CHECK(set(&k_param_ops_string, "abcd", &string) == -ENOSPC);
	CHECK(set(&k_param_ops_bool, NULL, &on) == 0 && on && k_param_ops_bool.flags == 1);
	CHECK(!strcmp(get(&k_param_ops_bool, &on), "Y\n"));
	CHECK(set(&k_param_ops_bool, "n", &on) == 0 && !on && set(&k_param_ops_bool, "2", &on) == -EINVAL);
	CHECK(set(&k_param_ops_invbool, "n", &on) == 0 && on && !strcmp(get(&k_param_ops_invbool, &on), "N\n"));
}

static void arrays(void)
{
	int values[3] = { 7, 8, 9 };
	unsigned int count = 99;
	struct kparam_array array = { 3, sizeof(int), &count, &k_param_ops_int, values };

	CHECK(set(&k_param_array_ops, "1,-2", &array) == 0 && count == 2);
	CHECK(values[0] == 1 && values[1] == -2 && values[2] == 9);
	CHECK(!strcmp(get(&k_param_array_ops, &array), "1,-2\n"));
	CHECK(set(&k_param_array_ops, "1,2,3,4", &array) == -EINVAL && count == 2);
	CHECK(set(&k_param_array_ops, "1,,3", &array) == -EINVAL);
	CHECK(set(&k_param_array_ops, NULL, &array) == -EINVAL);
}

struct list_head {
	struct list_head *next, *prev;
};
bool k___list_add_valid(struct list_head *entry, struct list_head *prev, struct list_head *next);
bool k___list_del_entry_valid(struct list_head *entry);

static void lists(void)
{
	struct list_head head = { &head, &head }, entry = { NULL, NULL }, other = { &other, &other };

	CHECK(k___list_add_valid(&entry, &head, &head));
	CHECK(!k___list_add_valid(&head, &head, &head) && !k___list_add_valid(&entry, &head, &other));
	entry = (struct list_head){ &head, &head };
	head = (struct list_head){ &entry, &entry };
	CHECK(k___list_del_entry_valid(&entry));
	head.next = &other;
	CHECK(!k___list_del_entry_valid(&entry));
	entry = (struct list_head){ (void *)0xdead000000000100, (void *)0xdead000000000122 };
	CHECK(!k___list_del_entry_valid(&entry));
	CHECK(strstr(machine_console(), "list_del corruption"));
}

unsigned long k___crypto_memneq(const void *a, const void *b, size_t length);
void k___crypto_xor(uint8_t *to, const uint8_t *a, const uint8_t *b, unsigned int length);
void k_crypto_inc(uint8_t *counter, unsigned int length);
extern const unsigned char k__ctype[256];

static void bytes(void)
{
	uint8_t counter[3] = { 0x12, 0xff, 0xff }, all[2] = { 0xff, 0xff }, sum[2];

	k_crypto_inc(counter, 3);
	CHECK(!memcmp(counter, "\x13\0\0", 3));
	k_crypto_inc(all, 2);
	CHECK(!memcmp(all, "\0\0", 2));
	k___crypto_xor(sum, (const uint8_t *)"\x0f\xf0", (const uint8_t *)"\xff\xff", 2);
	CHECK(!memcmp(sum, "\xf0\x0f", 2));
	CHECK(k___crypto_memneq("abc", "abd", 3) != 0 && k___crypto_memneq("abc", "abd", 2) == 0);
	for (int c = 0; c < 128; c++) {
		CHECK(!(k__ctype[c] & 0x01) == !isupper(c) && !(k__ctype[c] & 0x02) == !islower(c));
		CHECK(!(k__ctype[c] & 0x04) == !isdigit(c) && !(k__ctype[c] & 0x08) == !iscntrl(c));
		CHECK(!(k__ctype[c] & 0x10) == !ispunct(c) && !(k__ctype[c] & 0x20) == !isspace(c));
		CHECK(!(k__ctype[c] & 0x44) == !isxdigit(c) && !(k__ctype[c] & 0x80) == (c != ' '));
	}
}

void k_chacha_block_generic(uint32_t *state, uint8_t *stream, int rounds);
void k_hchacha_block_generic(const uint32_t *state, uint32_t *key, int rounds);

/* "expand 32-byte k", the key 00 01 .. 1f, then counter and nonce. */
static void chacha_state(uint32_t *state, const char *last_row)
{
	uint8_t key[32];

	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	memcpy(state, "expand 32-byte k", 16);
	memcpy(state + 4, key, 32);
	memcpy(state + 12, last_row, 16);
}

static void chacha(void)
{
	uint32_t state[16], key[8];
	uint8_t stream[64];

	/* RFC 8439, 2.3.2 */
	chacha_state(state, "\1\0\0\0\0\0\0\x09\0\0\0\x4a\0\0\0\0");
	k_chacha_block_generic(state, stream, 20);
	CHECK(!memcmp(stream, "\x10\xf1\xe7\xe4\xd1\x3b\x59\x15\x50\x0f\xdd\x1f\xa3\x20\x71\xc4", 16));
	CHECK(!memcmp(stream + 48, "\xb5\x12\x9c\xd1\xde\x16\x4e\xb9\xcb\xd0\x83\xe8\xa2\x50\x3c\x4e", 16));
	CHECK(state[12] == 2);
	/* draft-irtf-cfrg-xchacha-03, 2.2.1 */
	chacha_state(state, "\0\0\0\x09\0\0\0\x4a\0\0\0\0\x31\x41\x59\x27");
	k_hchacha_block_generic(state, key, 20);
	CHECK(!memcmp(key, "\x82\x41\x3b\x42\x27\xb2\x7b\xfe\xd3\x0e\x42\x50\x8a\x87\x7d\x73", 16));
	CHECK(!memcmp(key + 4, "\xa0\xf9\xe4\xd5\x8a\x74\xa8\x53\xc1\x2e\xc4\x13\x26\xd3\xec\xdc", 16));
}

int k_mutex_trylock(void *lock);
void k_mutex_lock(void *lock);
void k_mutex_unlock(void *lock);
bool k_mutex_is_locked(void *lock);
void k___mutex_init(void *lock, const char *name, void *key);
void *k_kmalloc_trace(void *cache, unsigned int flags, size_t size);
size_t k_ksize(const void *block);

static void locks_and_blocks(void)
{
	long lock[4] = { 5 };

	k___mutex_init(lock, "lock", NULL);
	CHECK(!k_mutex_is_locked(lock));
	k_mutex_lock(lock);
	CHECK(k_mutex_is_locked(lock) && !k_mutex_trylock(lock));
	k_mutex_unlock(lock);
	CHECK(k_mutex_trylock(lock) && k_mutex_is_locked(lock));
	CHECK(k_ksize(k_kmalloc_trace(NULL, 0, 100)) == 128);
}

int test_runtime(void)
{
	numbers();
	texts_and_switches();
	arrays();
	lists();
	bytes();
	chacha();
	locks_and_blocks();
	return 7;
}
