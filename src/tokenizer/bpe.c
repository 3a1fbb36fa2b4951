/* Merges symbols, by a heap of candidates. */
#include "tokenizer/bpe.h"

#define NONE G_MAXSIZE

typedef struct
{
  guint64 pair; /* left · 2³² + right */
  guint32 rank;
  guint32 merged;
} Rule;

/* A hash table with open addressing: at most half full, a power of two of slots. */
struct _EgMerges
{
  Rule *slots;
  gsize mask;
  gsize n;
  gsize capacity;
};

static const guint64 NO_PAIR = G_MAXUINT64;

EgMerges *
eg_merges_new (gsize capacity)
{
  EgMerges *self = g_new (EgMerges, 1);
  gsize n_slots = 16;
  while (n_slots / 2 < capacity)
    n_slots *= 2;
  *self = (EgMerges){ g_new (Rule, n_slots), n_slots - 1, 0, capacity };
  for (gsize i = 0; i < n_slots; i++)
    self->slots[i].pair = NO_PAIR;
  return self;
}

void
eg_merges_free (EgMerges *self)
{
  g_free (self->slots);
  g_free (self);
}

/* The slot that has pair, or the free one where it belongs. */
static Rule *
find_slot (const EgMerges *self, guint64 pair)
{
  gsize i = (gsize)((pair * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 32) & self->mask;
  while (self->slots[i].pair != pair && self->slots[i].pair != NO_PAIR)
    i = (i + 1) & self->mask;
  return &self->slots[i];
}

static guint64
get_pair (guint32 left, guint32 right)
{
  return (guint64)left << 32 | right;
}

void
eg_merges_add (EgMerges *self, guint32 left, guint32 right, guint32 rank, guint32 merged)
{
  const guint64 pair = get_pair (left, right);
  Rule *slot = find_slot (self, pair);
  if (slot->pair == NO_PAIR)
    {
      g_return_if_fail (self->n < self->capacity);
      self->n++;
    }
  *slot = (Rule){ pair, rank, merged };
}

static const Rule *
find_rule (const EgMerges *self, guint32 left, guint32 right)
{
  const Rule *slot = find_slot (self, get_pair (left, right));
  return slot->pair == NO_PAIR ? NULL : slot;
}

/* Symbols while they are merged: a list in both directions. One that was merged into its left neighbour has
 * length 0. */
typedef struct
{
  EgSymbol symbol;
  gsize previous;
  gsize next;
} Link;

/* A merge of the symbol at place with the next one. */
typedef struct
{
  guint32 rank;
  guint32 merged;
  gsize place;
} Candidate;

typedef struct
{
  const EgMerges *merges;
  Link *links;
  GArray *heap; /* of Candidate: the first comes before (rank, then place) all others */
} Word;

static gboolean
comes_before (const Candidate *a, const Candidate *b)
{
  return a->rank != b->rank ? a->rank < b->rank : a->place < b->place;
}

static void
push (GArray *heap, Candidate candidate)
{
  g_array_append_val (heap, candidate);
  Candidate *items = (Candidate *)(void *)heap->data;
  gsize i = heap->len - 1;
  while (i > 0 && comes_before (&candidate, &items[(i - 1) / 2]))
    {
      items[i] = items[(i - 1) / 2];
      i = (i - 1) / 2;
    }
  items[i] = candidate;
}

static Candidate
pop (GArray *heap)
{
  Candidate *items = (Candidate *)(void *)heap->data;
  const Candidate first = items[0];
  const gsize n = heap->len - 1;
  const Candidate last = items[n];
  gsize i = 0;
  for (gsize child = 1; child < n; child = 2 * i + 1)
    {
      if (child + 1 < n && comes_before (&items[child + 1], &items[child]))
        child++;
      if (!comes_before (&items[child], &last))
        break;
      items[i] = items[child];
      i = child;
    }
  items[i] = last;
  g_array_set_size (heap, (guint)n);
  return first;
}

/* Queues the merge of the symbol at place with the next one, if there is such a merge. */
static void
consider (Word *self, gsize place)
{
  if (place == NONE || self->links[place].next == NONE)
    return;
  const Link *left = &self->links[place];
  const Rule *rule = find_rule (self->merges, left->symbol.id, self->links[left->next].symbol.id);
  if (rule != NULL)
    push (self->heap, (Candidate){ rule->rank, rule->merged, place });
}

/* Merges as candidate says, unless the symbols there have changed since it was queued. */
static void
merge (Word *self, Candidate candidate)
{
  Link *left = &self->links[candidate.place];
  if (left->symbol.length == 0 || left->next == NONE)
    return;
  Link *right = &self->links[left->next];
  const Rule *rule = find_rule (self->merges, left->symbol.id, right->symbol.id);
  /* As in the library, which lets another pair through here if it makes the same token. */
  if (rule == NULL || rule->merged != candidate.merged)
    return;

  left->symbol.id = candidate.merged;
  left->symbol.length += right->symbol.length;
  left->next = right->next;
  right->symbol.length = 0;
  if (right->next != NONE)
    self->links[right->next].previous = candidate.place;
  consider (self, left->previous);
  consider (self, candidate.place);
}

void
eg_merges_apply (const EgMerges *self, GArray *symbols)
{
  const gsize n = symbols->len;
  if (n < 2)
    return;
  g_autofree Link *links = g_new (Link, n);
  for (gsize i = 0; i < n; i++)
    links[i] = (Link){ g_array_index (symbols, EgSymbol, i), i > 0 ? i - 1 : NONE, i + 1 < n ? i + 1 : NONE };

  g_autoptr (GArray) heap = g_array_sized_new (FALSE, FALSE, sizeof (Candidate), (guint)n);
  Word word = { self, links, heap };
  for (gsize i = 0; i < n; i++)
    consider (&word, i);
  while (heap->len > 0)
    merge (&word, pop (heap));

  g_array_set_size (symbols, 0);
  for (gsize i = 0; i < n; i++)
    if (links[i].symbol.length > 0)
      g_array_append_val (symbols, links[i].symbol);
}
