/* Finds added tokens in a text by a tree of their bytes. */
#include "tokenizer/added-tokens.h"

#include "tokenizer/unicode.h"

/* A trie over bytes: a node's children are a list, in no order. Node 0 is the root. */
typedef struct
{
  guint8 byte;
  guint32 first_child;  /* 0: none */
  guint32 next_sibling; /* 0: none */
  guint32 token;        /* place in tokens, plus one; 0: none ends here */
} Node;

struct _EgAddedTokens
{
  GArray *nodes;  /* of Node */
  GArray *tokens; /* of EgAddedToken */
};

EgAddedTokens *
eg_added_tokens_new (void)
{
  EgAddedTokens *self = g_new (EgAddedTokens, 1);
  self->nodes = g_array_new (FALSE, FALSE, sizeof (Node));
  self->tokens = g_array_new (FALSE, FALSE, sizeof (EgAddedToken));
  g_array_append_val (self->nodes, (Node){ 0 });
  return self;
}

void
eg_added_tokens_free (EgAddedTokens *self)
{
  g_array_unref (self->nodes);
  g_array_unref (self->tokens);
  g_free (self);
}

static Node *
get_node (const EgAddedTokens *self, guint32 i)
{
  return &g_array_index (self->nodes, Node, i);
}

/* Returns: the child's number, or 0. */
static guint32
find_child (const EgAddedTokens *self, guint32 parent, guint8 byte)
{
  guint32 child = get_node (self, parent)->first_child;
  while (child != 0 && get_node (self, child)->byte != byte)
    child = get_node (self, child)->next_sibling;
  return child;
}

gboolean
eg_added_tokens_add (EgAddedTokens *self, const char *content, EgAddedToken token)
{
  guint32 node = 0;
  for (const char *p = content; *p != '\0'; p++)
    {
      guint32 child = find_child (self, node, (guint8)*p);
      if (child == 0)
        {
          child = self->nodes->len;
          const Node added = { (guint8)*p, 0, get_node (self, node)->first_child, 0 };
          g_array_append_val (self->nodes, added);
          get_node (self, node)->first_child = child;
        }
      node = child;
    }
  if (get_node (self, node)->token != 0)
    return FALSE;
  g_array_append_val (self->tokens, token);
  get_node (self, node)->token = self->tokens->len;
  return TRUE;
}

/* The longest token that text[start …] begins with. Returns: NULL if none. end: (out). */
static const EgAddedToken *
find_longest (const EgAddedTokens *self, const char *text, gsize length, gsize start, gsize *end)
{
  guint32 longest = 0;
  guint32 node = 0;
  for (gsize i = start; i < length; i++)
    {
      node = find_child (self, node, (guint8)text[i]);
      if (node == 0)
        break;
      if (get_node (self, node)->token != 0)
        {
          longest = get_node (self, node)->token;
          *end = i + 1;
        }
    }
  return longest == 0 ? NULL : &g_array_index (self->tokens, EgAddedToken, longest - 1);
}

static gboolean
touches_word (const char *text, gsize length, gsize start, gsize end)
{
  if (start > 0 && eg_char_is_word (g_utf8_get_char (g_utf8_prev_char (text + start))))
    return TRUE;
  return end < length && eg_char_is_word (g_utf8_get_char (text + end));
}

/* Where the white space before place begins, but not before limit. */
static gsize
skip_space_back (const char *text, gsize limit, gsize place)
{
  while (place > limit)
    {
      const char *previous = g_utf8_prev_char (text + place);
      if (eg_char_class (g_utf8_get_char (previous)) != EG_CHAR_SPACE)
        break;
      place = (gsize)(previous - text);
    }
  return MAX (place, limit);
}

static gsize
skip_space (const char *text, gsize length, gsize place)
{
  while (place < length && eg_char_class (g_utf8_get_char (text + place)) == EG_CHAR_SPACE)
    place += (gsize)g_utf8_skip[(guchar)text[place]];
  return place;
}

static void
append (GArray *parts, const EgAddedToken *token, gsize start, gsize end)
{
  const EgAddedPart part = { token, start, end };
  if (start < end)
    g_array_append_val (parts, part);
}

GArray *
eg_added_tokens_split (const EgAddedTokens *self, const char *text, gsize length)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (EgAddedPart));
  gsize covered = 0;
  gsize i = 0;
  while (i < length)
    {
      gsize start = i;
      gsize end = i;
      const EgAddedToken *token = find_longest (self, text, length, start, &end);
      if (token == NULL)
        {
          i += (gsize)g_utf8_skip[(guchar)text[i]];
          continue;
        }
      i = end;
      if (token->single_word && touches_word (text, length, start, end))
        continue;
      if (token->lstrip)
        start = skip_space_back (text, covered, start);
      if (token->rstrip)
        end = skip_space (text, length, end);
      /* The library aborts here: rstrip took the space that this token, with lstrip, was found in. */
      if (start > end)
        continue;
      append (parts, NULL, covered, start);
      append (parts, token, start, end);
      covered = end;
    }
  append (parts, NULL, covered, length);
  return g_steal_pointer (&parts);
}
