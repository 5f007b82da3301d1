/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_LIST_H
#define _LINUX_LIST_H

#include <linux/kernel.h>

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline void list_add(struct list_head *entry, struct list_head *after)
{
	entry->next = after->next;
	entry->prev = after;
	after->next->prev = entry;
	after->next = entry;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *list)
{
	list_add(entry, list->prev);
}

static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	entry->next = entry->prev = NULL;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

#define list_entry(pointer, type, member) container_of(pointer, type, member)
#define list_first_entry(list, type, member) list_entry((list)->next, type, member)

#define list_for_each_entry(position, list, member)					\
	for (position = list_entry((list)->next, __typeof__(*position), member);	\
	     &position->member != (list);						\
	     position = list_entry(position->member.next, __typeof__(*position), member))

#define list_for_each_entry_safe(position, following, list, member)			\
	for (position = list_entry((list)->next, __typeof__(*position), member),	\
	     following = list_entry(position->member.next, __typeof__(*position), member); \
	     &position->member != (list);						\
	     position = following, following = list_entry(following->member.next, __typeof__(*following), member))

#endif
