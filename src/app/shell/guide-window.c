/* Markdown, line by line, into a text buffer with tags. */
#include "app/shell/guide-window.h"

#include "app/parts/later.h"

#include <glib/gi18n.h>
#include <string.h>

#define GUIDE "/io/github/engram_app/Engram/guide.md"

/* ---- Markdown ---- */

/* What is read so far of lines that belong together. */
typedef struct
{
  GtkTextBuffer *buffer;
  GString *paragraph; /* its lines, joined */
  const char *style;  /* the tag of the paragraph; NULL: of a text */
  gboolean in_code;
} Writer;

static void
create_tags (GtkTextBuffer *buffer)
{
  gtk_text_buffer_create_tag (buffer, "h1", "scale", 1.6, "weight", PANGO_WEIGHT_BOLD, "pixels-below-lines",
                              6, NULL);
  gtk_text_buffer_create_tag (buffer, "h2", "scale", 1.25, "weight", PANGO_WEIGHT_BOLD, "pixels-above-lines",
                              12, "pixels-below-lines", 6, NULL);
  gtk_text_buffer_create_tag (buffer, "h3", "weight", PANGO_WEIGHT_BOLD, "pixels-above-lines", 6, NULL);
  gtk_text_buffer_create_tag (buffer, "item", "left-margin", 36, "indent", -14, NULL);
  gtk_text_buffer_create_tag (buffer, "block", "family", "monospace", "scale", 0.9, "left-margin", 24,
                              "wrap-mode", GTK_WRAP_CHAR, NULL);
  gtk_text_buffer_create_tag (buffer, "code", "family", "monospace", "scale", 0.93, NULL);
  gtk_text_buffer_create_tag (buffer, "strong", "weight", PANGO_WEIGHT_BOLD, NULL);
  gtk_text_buffer_create_tag (buffer, "emphasis", "style", PANGO_STYLE_ITALIC, NULL);
}

static void
insert (GtkTextBuffer *buffer, const char *text, gssize length, const char *style, const char *tag)
{
  GtkTextIter end;

  gtk_text_buffer_get_end_iter (buffer, &end);
  const int at = gtk_text_iter_get_offset (&end);
  gtk_text_buffer_insert (buffer, &end, text, (int)length);
  const char *const tags[] = { style, tag };
  for (gsize i = 0; i < G_N_ELEMENTS (tags); i++)
    if (tags[i] != NULL)
      {
        GtkTextIter start;
        gtk_text_buffer_get_iter_at_offset (buffer, &start, at);
        gtk_text_buffer_get_end_iter (buffer, &end);
        gtk_text_buffer_apply_tag_by_name (buffer, tags[i], &start, &end);
      }
}

/* A marked part of a line, "`code`", and what follows it; NULL where the mark has no end. */
static const char *
insert_marked (GtkTextBuffer *buffer, const char *text, const char *mark, const char *style, const char *tag)
{
  const gsize n = strlen (mark);
  const char *end = strstr (text + n, mark);

  if (end == NULL || end == text + n)
    return NULL;
  insert (buffer, text + n, end - text - (gssize)n, style, tag);
  return end + n;
}

/* "[text](address)": the text. */
static const char *
insert_link (GtkTextBuffer *buffer, const char *text, const char *style)
{
  const char *middle = strstr (text, "](");
  const char *end = middle != NULL ? strchr (middle, ')') : NULL;

  if (end == NULL || strcspn (text + 1, "[") < (gsize)(middle - text - 1))
    return NULL;
  insert (buffer, text + 1, middle - text - 1, style, NULL);
  return end + 1;
}

static void
insert_line (GtkTextBuffer *buffer, const char *text, const char *style)
{
  while (*text != '\0')
    {
      const gsize plain = strcspn (text, "`*[");
      const char *next = NULL;
      insert (buffer, text, (gssize)plain, style, NULL);
      text += plain;
      if (*text == '`')
        next = insert_marked (buffer, text, "`", style, "code");
      else if (g_str_has_prefix (text, "**"))
        next = insert_marked (buffer, text, "**", style, "strong");
      else if (*text == '*')
        next = insert_marked (buffer, text, "*", style, "emphasis");
      else if (*text == '[')
        next = insert_link (buffer, text, style);
      if (next == NULL && *text != '\0')
        {
          insert (buffer, text, 1, style, NULL);
          next = text + 1;
        }
      text = next != NULL ? next : text;
    }
}

static void
end_paragraph (Writer *self)
{
  if (self->paragraph->len == 0)
    return;
  insert_line (self->buffer, self->paragraph->str, self->style);
  insert (self->buffer, "\n", 1, self->style, NULL);
  g_string_truncate (self->paragraph, 0);
}

static void
begin_paragraph (Writer *self, const char *style, const char *text)
{
  end_paragraph (self);
  self->style = style;
  g_string_assign (self->paragraph, text);
}

/* The beginning of an item, "- ", "2. "; 0: none. */
static gsize
get_item_mark (const char *line)
{
  const gsize digits = strspn (line, "0123456789");

  if (g_str_has_prefix (line, "- "))
    return 2;
  return digits > 0 && g_str_has_prefix (line + digits, ". ") ? digits + 2 : 0;
}

/* "| a | b |" → "a   b"; nothing of the line under the heads. */
static void
take_row (Writer *self, const char *line)
{
  g_auto (GStrv) cells = g_strsplit (line, "|", -1);
  g_autoptr (GString) text = g_string_new (NULL);

  end_paragraph (self);
  if (strspn (line, "|- :") == strlen (line))
    return;
  for (gsize i = 1; cells[i] != NULL; i++)
    if (*g_strstrip (cells[i]) != '\0')
      g_string_append_printf (text, "%s%s", text->len > 0 ? " – " : "• ", cells[i]);
  begin_paragraph (self, "item", text->str);
  end_paragraph (self);
}

static void
take_line (Writer *self, const char *line)
{
  static const char *const headings[] = { "h1", "h2", "h3" };
  const gsize level = strspn (line, "#"), mark = get_item_mark (line);

  if (level > 0 && level <= G_N_ELEMENTS (headings) && line[level] == ' ')
    {
      begin_paragraph (self, headings[level - 1], line + level + 1);
      end_paragraph (self);
    }
  else if (*line == '|')
    take_row (self, line);
  else if (*line == '\0')
    {
      end_paragraph (self);
      insert (self->buffer, "\n", 1, NULL, NULL);
      self->style = NULL;
    }
  else if (mark > 0)
    {
      g_autofree char *item = *line == '-' ? g_strconcat ("• ", line + 2, NULL) : g_strdup (line);
      begin_paragraph (self, "item", item);
    }
  else if (self->paragraph->len > 0)
    g_string_append_printf (self->paragraph, " %s", line + strspn (line, " "));
  else
    begin_paragraph (self, NULL, line);
}

void
eg_guide_render (GtkTextBuffer *buffer, const char *markdown)
{
  g_auto (GStrv) lines = g_strsplit (markdown, "\n", -1);
  Writer writer = { .buffer = buffer, .paragraph = g_string_new (NULL) };

  create_tags (buffer);
  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "```"))
      {
        end_paragraph (&writer);
        writer.in_code = !writer.in_code;
      }
    else if (writer.in_code)
      {
        insert (buffer, *line, -1, "block", NULL);
        insert (buffer, "\n", 1, "block", NULL);
      }
    else
      take_line (&writer, *line);
  end_paragraph (&writer);
  g_string_free (writer.paragraph, TRUE);
}

/* ---- the window ---- */

static GtkWidget *
make_view (void)
{
  GtkWidget *view = gtk_text_view_new (), *scrolled = gtk_scrolled_window_new ();
  g_autoptr (GBytes) guide = g_resources_lookup_data (GUIDE, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autofree char *text
      = guide != NULL ? g_strndup (g_bytes_get_data (guide, NULL), g_bytes_get_size (guide)) : g_strdup ("");
  GtkTextView *texts = GTK_TEXT_VIEW (view);
  GtkTextIter start;

  eg_guide_render (gtk_text_view_get_buffer (texts), text);
  gtk_text_view_set_editable (texts, FALSE);
  gtk_text_view_set_cursor_visible (texts, FALSE);
  gtk_text_view_set_wrap_mode (texts, GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_left_margin (texts, 18);
  gtk_text_view_set_right_margin (texts, 18);
  gtk_text_view_set_top_margin (texts, 12);
  gtk_text_view_set_bottom_margin (texts, 18);
  gtk_text_buffer_get_start_iter (gtk_text_view_get_buffer (texts), &start);
  gtk_text_buffer_place_cursor (gtk_text_view_get_buffer (texts), &start);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("User Guide"), -1);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_widget_set_vexpand (scrolled, TRUE);
  return scrolled;
}

void
eg_guide_window_show (GtkWindow *parent)
{
  static GtkWindow *shown; /* NULL: closed */

  if (shown == NULL)
    {
      GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
      GtkWindow *window = GTK_WINDOW (adw_window_new ());
      gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
      gtk_box_append (GTK_BOX (box), make_view ());
      adw_window_set_content (ADW_WINDOW (window), box);
      gtk_window_set_title (window, _ ("User Guide"));
      gtk_window_set_default_size (window, 720, 760);
      eg_close_with_escape (window);
      /* Not the program's: it ends with its last window, though a guide is open. */
      g_signal_connect_object (parent, "destroy", G_CALLBACK (gtk_window_destroy), window, G_CONNECT_SWAPPED);
      g_set_weak_pointer (&shown, window);
    }
  gtk_window_present (shown);
}
