// SPDX-License-Identifier: MIT
/* Types of module parameters: how text becomes a value, and a value text. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#define NUMBER(name, type, format, parse)							\
	static int set_##name(const char *value, const struct kernel_param *param)		\
	{											\
		return value ? parse(value, 0, (type *)param->arg) : -EINVAL;			\
	}											\
	static int get_##name(char *buffer, const struct kernel_param *param)			\
	{											\
		return scnprintf(buffer, LCD_PARAM_TEXT, format "\n", *(type *)param->arg);	\
	}											\
	const struct kernel_param_ops param_ops_##name = { .set = set_##name, .get = get_##name }

#define LCD_PARAM_TEXT 4096

NUMBER(byte, u8, "%hhu", kstrtou8);
NUMBER(short, s16, "%hd", kstrtos16);
NUMBER(ushort, u16, "%hu", kstrtou16);
NUMBER(int, int, "%d", kstrtoint);
NUMBER(uint, unsigned int, "%u", kstrtouint);
NUMBER(hexint, unsigned int, "%#08x", kstrtouint);
NUMBER(long, long, "%ld", kstrtol);
NUMBER(ulong, unsigned long, "%lu", kstrtoul);
NUMBER(ullong, unsigned long long, "%llu", kstrtoull);

static int set_charp(const char *value, const struct kernel_param *param)
{
	char *copy;

	if (!value)
		return -EINVAL;
	if (strlen(value) > 1024)
		return -ENOSPC;
	copy = kstrdup(value, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	*(char **)param->arg = copy;
	return 0;
}

static int get_charp(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, LCD_PARAM_TEXT, "%s\n", *(char **)param->arg);
}

const struct kernel_param_ops param_ops_charp = { .set = set_charp, .get = get_charp };

static int set_bool(const char *value, const struct kernel_param *param)
{
	return kstrtobool(value ? value : "1", param->arg);
}

static int get_bool(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, LCD_PARAM_TEXT, "%c\n", *(bool *)param->arg ? 'Y' : 'N');
}

const struct kernel_param_ops param_ops_bool = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG, .set = set_bool, .get = get_bool,
};

static int set_invbool(const char *value, const struct kernel_param *param)
{
	bool on;
	int ret = value ? kstrtobool(value, &on) : -EINVAL;

	if (!ret)
		*(bool *)param->arg = !on;
	return ret;
}

static int get_invbool(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, LCD_PARAM_TEXT, "%c\n", *(bool *)param->arg ? 'N' : 'Y');
}

const struct kernel_param_ops param_ops_invbool = { .set = set_invbool, .get = get_invbool };

static int set_string(const char *value, const struct kernel_param *param)
{
	if (!value)
		return -EINVAL;
	return strscpy(param->str->string, value, param->str->maxlen) < 0 ? -ENOSPC : 0;
}

static int get_string(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, LCD_PARAM_TEXT, "%s\n", param->str->string);
}

const struct kernel_param_ops param_ops_string = { .set = set_string, .get = get_string };

static struct kernel_param element_of(const struct kernel_param *param, unsigned int index)
{
	const struct kparam_array *array = param->arr;

	return (struct kernel_param){
		.name = param->name, .mod = param->mod, .ops = array->ops, .perm = param->perm,
		.level = param->level, .flags = param->flags,
		{ .arg = (char *)array->elem + (size_t)array->elemsize * index },
	};
}

static int set_array(const char *value, const struct kernel_param *param)
{
	const struct kparam_array *array = param->arr;
	char *text = value ? kstrdup(value, GFP_KERNEL) : NULL, *rest = text;
	unsigned int count = 0;
	int ret = text ? 0 : value ? -ENOMEM : -EINVAL;

	while (!ret && rest) {
		struct kernel_param element = element_of(param, count);

		ret = count++ < array->max ? array->ops->set(strsep(&rest, ","), &element) : -EINVAL;
	}
	kfree(text);
	if (!ret && array->num)
		*array->num = count;
	return ret;
}

static int get_array(char *buffer, const struct kernel_param *param)
{
	unsigned int count = param->arr->num ? *param->arr->num : param->arr->max;
	int length = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct kernel_param element = element_of(param, i);

		if (i)
			buffer[length - 1] = ','; /* instead of the newline */
		length += param->arr->ops->get(buffer + length, &element);
	}
	buffer[length] = 0;
	return length;
}

const struct kernel_param_ops param_array_ops = { .set = set_array, .get = get_array };
