// SPDX-License-Identifier: MIT
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/string.h>

/* Counts every byte, keeps those that fit. */
struct sink {
	char *buffer;
	size_t size;
	size_t length;
};

/* One conversion: what stands between % and its letter. */
struct spec {
	bool left, plus, space, zero, alternate;
	int width;
	int precision;	/* -1: none */
	int bytes;	/* size of an integer argument */
};

static void put(struct sink *sink, char character)
{
	if (sink->length < sink->size)
		sink->buffer[sink->length] = character;
	sink->length++;
}

static void pad(struct sink *sink, char character, int times)
{
	while (times-- > 0)
		put(sink, character);
}

static void put_text(struct sink *sink, const struct spec *spec, const char *text, int length)
{
	if (!spec->left)
		pad(sink, ' ', spec->width - length);
	for (int i = 0; i < length; i++)
		put(sink, text[i]);
	if (spec->left)
		pad(sink, ' ', spec->width - length);
}

static void put_number(struct sink *sink, const struct spec *spec, u64 value, unsigned int base, const char *prefix,
		       const char *digits)
{
	char reversed[24];
	int length = 0, zeros, prefix_length = strlen(prefix), width;

	for (u64 rest = value; rest; rest /= base)
		reversed[length++] = digits[rest % base];
	zeros = (spec->precision < 0 ? 1 : spec->precision) - length;
	if (base == 8 && spec->alternate && zeros < 1 && (value || spec->precision == 0))
		zeros = 1;
	width = prefix_length + length + (zeros > 0 ? zeros : 0);
	if (spec->zero && !spec->left && spec->precision < 0 && width < spec->width) {
		zeros = (zeros > 0 ? zeros : 0) + spec->width - width;
		width = spec->width;
	}
	if (!spec->left)
		pad(sink, ' ', spec->width - width);
	for (int i = 0; i < prefix_length; i++)
		put(sink, prefix[i]);
	pad(sink, '0', zeros);
	while (length)
		put(sink, reversed[--length]);
	if (spec->left)
		pad(sink, ' ', spec->width - width);
}

static void put_unsigned(struct sink *sink, const struct spec *spec, u64 value, char letter)
{
	if (letter == 'u')
		put_number(sink, spec, value, 10, "", "0123456789");
	else if (letter == 'o')
		put_number(sink, spec, value, 8, "", "01234567");
	else if (letter == 'X')
		put_number(sink, spec, value, 16, spec->alternate && value ? "0X" : "", "0123456789ABCDEF");
	else
		put_number(sink, spec, value, 16, spec->alternate && value ? "0x" : "", "0123456789abcdef");
}

static void put_signed(struct sink *sink, const struct spec *spec, s64 value)
{
	const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";

	put_number(sink, spec, value < 0 ? -(u64)value : (u64)value, 10, sign, "0123456789");
}

/* Flags, width, precision, length. Returns where the letter is. */
static const char *parse(const char *format, struct spec *spec, va_list *args)
{
	*spec = (struct spec){ .precision = -1, .bytes = sizeof(int) };
	for (;; format++) {
		if (*format == '-')
			spec->left = true;
		else if (*format == '+')
			spec->plus = true;
		else if (*format == ' ')
			spec->space = true;
		else if (*format == '0')
			spec->zero = true;
		else if (*format == '#')
			spec->alternate = true;
		else
			break;
	}
	if (*format == '*') {
		spec->width = va_arg(*args, int);
		if (spec->width < 0) {
			spec->left = true;
			spec->width = -spec->width;
		}
		format++;
	}
	while (isdigit(*format))
		spec->width = spec->width * 10 + (*format++ - '0');
	if (*format == '.') {
		format++;
		spec->precision = 0;
		if (*format == '*') {
			spec->precision = va_arg(*args, int);
			format++;
		}
		while (isdigit(*format))
			spec->precision = spec->precision * 10 + (*format++ - '0');
	}
	for (;; format++) {
		if (*format == 'h')
			spec->bytes /= 2;
		else if (*format == 'l' || *format == 'z' || *format == 't' || *format == 'j')
			spec->bytes = sizeof(long);
		else
			return format;
	}
}

static u64 unsigned_argument(const struct spec *spec, va_list *args)
{
	if (spec->bytes == sizeof(long))
		return va_arg(*args, unsigned long);
	return va_arg(*args, unsigned int) & (~0U >> (32 - 8 * spec->bytes));
}

static s64 signed_argument(const struct spec *spec, va_list *args)
{
	unsigned int shift = 64 - 8 * spec->bytes;

	if (spec->bytes == sizeof(long))
		return va_arg(*args, long);
	return (s64)((u64)va_arg(*args, int) << shift) >> shift;
}

static void put_string(struct sink *sink, const struct spec *spec, const char *text)
{
	if (!text)
		text = "(null)";
	put_text(sink, spec, text, strnlen(text, spec->precision < 0 ? INT_MAX : spec->precision));
}

static void put_pointer(struct sink *sink, struct spec *spec, const void *pointer)
{
	spec->precision = 16;
	put_number(sink, spec, (unsigned long)pointer, 16, "", "0123456789abcdef");
}

/* Returns where the format goes on. */
static const char *convert(struct sink *sink, const char *format, va_list *args)
{
	struct spec spec;
	const char *letter = parse(format, &spec, args);
	char character;

	switch (*letter) {
	case 'd':
	case 'i':
		put_signed(sink, &spec, signed_argument(&spec, args));
		break;
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		put_unsigned(sink, &spec, unsigned_argument(&spec, args), *letter);
		break;
	case 'c':
		character = va_arg(*args, int);
		put_text(sink, &spec, &character, 1);
		break;
	case 's':
		put_string(sink, &spec, va_arg(*args, const char *));
		break;
	case 'p':
		put_pointer(sink, &spec, va_arg(*args, const void *));
		break;
	case '%':
		put(sink, '%');
		break;
	default: /* nothing we know: print it as it stands */
		put(sink, '%');
		return format;
	}
	return letter + 1;
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list args)
{
	struct sink sink = { buffer, size ? size - 1 : 0, 0 };
	va_list copy;

	va_copy(copy, args);
	while (*format) {
		if (*format == '%')
			format = convert(&sink, format + 1, &copy);
		else
			put(&sink, *format++);
	}
	va_end(copy);
	if (size)
		buffer[sink.length < size ? sink.length : size - 1] = 0;
	return sink.length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(buffer, size, format, args);
	va_end(args);
	return length;
}

int vsprintf(char *buffer, const char *format, va_list args)
{
	return vsnprintf(buffer, INT_MAX, format, args);
}

int sprintf(char *buffer, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsprintf(buffer, format, args);
	va_end(args);
	return length;
}

int vscnprintf(char *buffer, size_t size, const char *format, va_list args)
{
	int length = vsnprintf(buffer, size, format, args);

	if ((size_t)length < size)
		return length;
	return size ? size - 1 : 0;
}

int scnprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vscnprintf(buffer, size, format, args);
	va_end(args);
	return length;
}
