/* The texts of a heatmap: tokens, layers, the subject's name, the colour bar's numbers. */
#include "plot/heatmap-private.h"
#include "tokenizer/token-text.h"

#include <glib/gi18n.h>
#include <math.h>

#define MARGIN EG_HEATMAP_MARGIN
#define GAP    EG_HEATMAP_GAP
#define TICK   EG_HEATMAP_TICK

#define TOKEN_ANGLE   (G_PI / 4)
#define TOKEN_SHRINK  0.7  /* where there are many, their labels become smaller down to this; then fewer */
#define ROOM_OF_ALL   0.95 /* lines of text that a layer's number needs when all layers have one */
#define ROOM_OF_THIN  1.3  /* when not all have: calmer */
#define SUBJECT_SPACE 0.15 /* between its label and the bracket below it */
#define TITLE_SHRINK  0.7  /* of the colour bar, as far as it helps against cutting it */

/* (transfer none): kept by the layout. */
static EgLabel *
add_label (EgHeatmapLayout *self, const char *text, double size, EgColor color)
{
  EgLabel *label = eg_label_new (text, self->style.font_family, size, FALSE, color);
  g_ptr_array_add (self->labels, label);
  return label;
}

double
eg_heatmap_labels_width (const EgHeatmapLayout *self, const char *text)
{
  g_autoptr (EgLabel) label
      = eg_label_new (text, self->style.font_family, self->style.font_size, FALSE, self->style.foreground);
  return label->width;
}

double
eg_heatmap_labels_line_height (const EgHeatmapLayout *self)
{
  g_autoptr (EgLabel) label
      = eg_label_new ("Ág", self->style.font_family, self->style.font_size, FALSE, self->style.foreground);
  return label->height;
}

double
eg_heatmap_labels_add_heading (EgHeatmapLayout *self, const char *text, double size, EgColor color, double y)
{
  const double em = self->style.font_size;
  EgLabel *label = add_label (self, text, size, color);

  eg_label_wrap (label, self->width - 2 * MARGIN * em);
  eg_label_place (label, 0.5, 0, self->width / 2, y, 0);
  return y + label->height + GAP * em;
}

/* ---- tokens ---- */

/* The angle at which lines of text of this height, one every so many units, do not touch: 45°, or steeper. */
static double
slope_of (double text_height, double distance)
{
  const double sine = text_height / MAX (distance, 1e-6);
  return sine >= 1 ? G_PI / 2 : MAX (TOKEN_ANGLE, asin (sine));
}

static void
forget_tokens (EgHeatmapLayout *self)
{
  for (gsize t = 0; t < self->n_tokens; t++)
    if (self->token_labels[t] != NULL)
      {
        g_ptr_array_remove_fast (self->labels, self->token_labels[t]);
        self->token_labels[t] = NULL;
      }
}

/* A token without the ␣ that it begins with, unless it is nothing else. */
static const char *
without_space (const char *visible)
{
  static const char space[] = "␣";
  return g_str_has_prefix (visible, space) && visible[sizeof space - 1] != '\0' ? visible + sizeof space - 1
                                                                                : visible;
}

void
eg_heatmap_labels_make_tokens (EgHeatmapLayout *self, const EgTraceGrid *grid, double token_size)
{
  const double em = self->style.font_size, line = eg_heatmap_labels_line_height (self);
  const gboolean down = eg_heatmap_layout_is_tokens_down (self);
  gsize step = 1;

  forget_tokens (self);
  while ((double)step * token_size < TOKEN_SHRINK * line && step < self->n_tokens)
    step *= 2;
  const double room = (double)step * token_size;
  const double shrink = CLAMP (room / line, TOKEN_SHRINK, 1);
  self->token_step = step;
  self->token_angle = down ? 0 : slope_of (line * shrink, room);

  const double longest
      = down ? 0.35 * self->width : 0.4 * MIN (self->height, self->width) / sin (self->token_angle);
  for (gsize t = 0; t < self->n_tokens; t += step)
    {
      const gboolean is_subject
          = eg_heatmap_layout_tells_tokens (self) && t >= self->subject_first && t <= self->subject_last;
      g_autofree char *visible = eg_token_to_visible (eg_trace_grid_get_token (grid, t));
      const char *text = self->style.hide_spaces ? without_space (visible) : visible;
      EgLabel *label
          = add_label (self, text, em * shrink, is_subject ? self->style.subject : self->style.foreground);
      eg_label_soften_space (label);
      eg_label_limit (label, MAX (6 * em, longest));
      self->token_labels[t] = label;
    }
}

double
eg_heatmap_labels_left_for_tokens (const EgHeatmapLayout *self, double right)
{
  const double em = self->style.font_size, angle = self->token_angle;
  double left = 0;

  for (gsize t = 0; t < self->n_tokens; t += self->token_step)
    {
      const EgLabel *label = self->token_labels[t];
      const double reach = MARGIN * em + label->width * cos (angle) + label->height / 2 * sin (angle);
      /* The label ends below its column's middle, which is at left + (right − left)·f; when cells are
       * scrolled, any column can be the first. */
      const double f = eg_heatmap_layout_is_cut (self) ? 0 : ((double)t + 0.5) / (double)self->n_tokens;
      left = MAX (left, eg_heatmap_layout_is_tokens_down (self) ? reach + (TICK + 0.2) * em
                                                                : (reach - f * right) / (1 - f));
    }
  return left;
}

double
eg_heatmap_labels_height_of_tokens (const EgHeatmapLayout *self)
{
  double height = 0;
  for (gsize t = 0; t < self->n_tokens; t += self->token_step)
    {
      const EgLabel *label = self->token_labels[t];
      height = MAX (height, label->width * sin (self->token_angle) + label->height * cos (self->token_angle));
    }
  return height;
}

/* Places a label beside or below the middle of a cell, as its axis lies; hides it when that is out of view.
 */
static void
place_along (EgHeatmapLayout *self, EgLabel *label, gboolean down, double along, double angle)
{
  const double em = self->style.font_size;
  const EgRect *map = &self->map;

  if (down)
    {
      label->hidden = along < map->y || along > map->y + map->height;
      eg_label_place (label, 1, 0.5, map->x - (TICK + 0.2) * em, along, 0);
      return;
    }
  const double top = map->y + map->height + (TICK + 0.15) * em;
  label->hidden = along < map->x || along > map->x + map->width;
  if (angle > 0)
    eg_label_place (label, 1, 0.5, along, top + label->height / 2 * cos (angle), -angle);
  else
    eg_label_place (label, 0.5, 0, along, top, 0);
}

static void
place_tokens (EgHeatmapLayout *self)
{
  const gboolean down = eg_heatmap_layout_is_tokens_down (self);
  const double origin = down ? self->cells.y : self->cells.x, size = eg_heatmap_layout_token_size (self);

  if (self->is_bars && !self->tells_tokens)
    return;
  for (gsize t = 0; t < self->n_tokens; t += self->token_step)
    place_along (self, self->token_labels[t], down, origin + ((double)t + 0.5) * size, self->token_angle);
}

/* ---- layers ---- */

void
eg_heatmap_labels_make_layers (EgHeatmapLayout *self)
{
  const double em = self->style.font_size, size = eg_heatmap_layout_layer_size (self);
  const gboolean down = !eg_heatmap_layout_is_tokens_down (self);
  const double line = eg_heatmap_labels_line_height (self);
  char text[32];
  gsize step = 1;

  g_snprintf (text, sizeof text, "%" G_GSIZE_FORMAT, self->n_layers - 1);
  const double across = eg_heatmap_labels_width (self, text) + 0.6 * em;
  while ((double)step * size < (down ? line * (step == 1 ? ROOM_OF_ALL : ROOM_OF_THIN) : across)
         && step < self->n_layers)
    step *= 2;
  self->layer_step = step;
  /* All of them have no number. */
  if (!eg_heatmap_layout_tells_layers (self))
    return;
  for (gsize l = 0; l < self->n_layers; l += step)
    {
      g_snprintf (text, sizeof text, "%" G_GSIZE_FORMAT, l);
      self->layer_labels[l] = add_label (self, text, em, self->style.foreground);
    }
}

static void
place_layers (EgHeatmapLayout *self)
{
  const gboolean down = !eg_heatmap_layout_is_tokens_down (self);
  const double origin = down ? self->cells.y : self->cells.x, size = eg_heatmap_layout_layer_size (self);

  for (gsize l = 0; l < self->n_layers && self->layer_labels[l] != NULL; l += self->layer_step)
    place_along (self, self->layer_labels[l], down, origin + ((double)l + 0.5) * size, 0);
}

/* Beside the numbers, not at the picture's edge: long tokens can push the map far to the right. */
void
eg_heatmap_labels_add_axis (EgHeatmapLayout *self)
{
  const double em = self->style.font_size;
  const EgRect *map = &self->map;
  /* Beside bars stands their scale. */
  if (self->is_bars && self->tells_tokens)
    return;
  EgLabel *axis = add_label (self, eg_heatmap_layout_tells_layers (self) ? _ ("Layer") : _ ("All layers"), em,
                             self->style.dim);
  char widest[32];

  if (eg_heatmap_layout_is_tokens_down (self))
    {
      eg_label_place (axis, 0.5, 0, map->x + map->width / 2,
                      map->y + map->height + (TICK + 0.15) * em + axis->height, 0);
      return;
    }
  g_snprintf (widest, sizeof widest, "%" G_GSIZE_FORMAT, self->n_layers - 1);
  const double x
      = map->x - (TICK + 0.2 + GAP) * em - eg_heatmap_labels_width (self, widest) - axis->height / 2;
  if (axis->width <= map->height)
    eg_label_place (axis, 0.5, 0.5, x, map->y + map->height / 2, -G_PI / 2);
  else
    g_ptr_array_remove (self->labels, axis);
}

/* ---- the subject ---- */

void
eg_heatmap_labels_make_subject (EgHeatmapLayout *self)
{
  self->subject_label = add_label (self, _ ("Subject"), self->style.font_size, self->style.subject);
}

/* In the bracket's line, or outside it, at the middle of what is in view. */
static void
place_subject (EgHeatmapLayout *self)
{
  const double em = self->style.font_size;
  const gboolean down = eg_heatmap_layout_is_tokens_down (self);
  const double end = down ? self->height : self->width;
  EgLabel *label = self->subject_label;
  const double half = label->width / 2;
  double from, to;

  label->hidden = !eg_heatmap_layout_get_subject (self, &from, &to) || 2 * half > end - 2 * MARGIN * em
                  || (self->subject_within && to - from < label->width + 2 * em);
  if (label->hidden)
    return;
  const double middle = CLAMP ((from + to) / 2, MARGIN * em + half, end - MARGIN * em - half);
  const double outside = self->subject_within ? 0 : SUBJECT_SPACE * em;
  if (down)
    eg_label_place (label, 0.5, self->subject_within ? 0.5 : 0, self->bracket + outside, middle, -G_PI / 2);
  else
    eg_label_place (label, 0.5, self->subject_within ? 0.5 : 1, middle, self->bracket - outside, 0);
}

void
eg_heatmap_labels_place (EgHeatmapLayout *self)
{
  place_tokens (self);
  place_layers (self);
  place_subject (self);
}

/* ---- the colour bar ---- */

/* The fewest decimals with which multiples of a step can be written. */
static int
decimals_of (double step)
{
  int decimals = 0;
  while (decimals < 9 && fabs (step - round (step)) > 1e-6 * step)
    {
      step *= 10;
      decimals++;
    }
  return MAX (1, decimals);
}

double
eg_heatmap_labels_width_of_bar (const EgHeatmapLayout *self)
{
  const int decimals = decimals_of ((self->high - self->first_tick) / self->n_bar_steps);
  const double ends[] = { self->first_tick, self->high };
  double width = eg_heatmap_labels_width (self, "0.00");

  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      char text[32];
      g_snprintf (text, sizeof text, "%.*f", decimals, ends[i]);
      width = MAX (width, eg_heatmap_labels_width (self, text));
    }
  return width;
}

/* Fewer where there is no room: of five, two keep round numbers; of an even number, half of them do. */
static guint
count_steps (const EgHeatmapLayout *self, double height, double line)
{
  const guint all = self->n_bar_steps;

  if (height >= all * 1.8 * line)
    return all;
  if (all == 5)
    return height >= 3 * line ? 2 : 1;
  return all % 2 == 0 && height >= 3 * line ? 2 : 1;
}

/* No "-0.0". */
static void
format_tick (const EgHeatmapLayout *self, guint i, guint n_steps, char text[32])
{
  const double step = (self->high - self->first_tick) / n_steps, value = self->first_tick + i * step;

  g_snprintf (text, 32, "%.*f", decimals_of (step), fabs (value) < 1e-6 * step ? 0 : value);
}

/* Beside what it names: smaller before it is cut, and past its ends where the picture goes on. */
static void
add_name (EgHeatmapLayout *self, double x, double top, double height)
{
  const double em = self->style.font_size, whole = self->height - 2 * MARGIN * em;
  const double width = eg_heatmap_labels_width (self, self->scale_name);
  const double shrink = CLAMP ((height + 2 * em) / width, TITLE_SHRINK, 1);
  EgLabel *name = add_label (self, self->scale_name, em * shrink, self->style.dim);

  eg_label_limit (name, whole);
  const double half = name->width / 2;
  const double middle = CLAMP (top + height / 2, MARGIN * em + half,
                               MAX (self->height - MARGIN * em - half, MARGIN * em + half));
  eg_label_place (name, 0.5, 0, x, middle, -G_PI / 2);
}

void
eg_heatmap_labels_add_scale (EgHeatmapLayout *self, double tick_width)
{
  const double em = self->style.font_size, line = eg_heatmap_labels_line_height (self);
  const EgRect *map = &self->map;
  const double x = map->x - (TICK + 0.2) * em;

  self->n_bar_steps = count_steps (self, map->height, line);
  for (guint i = 0; i <= self->n_bar_steps; i++)
    {
      char text[32];
      format_tick (self, i, self->n_bar_steps, text);
      EgLabel *label = add_label (self, text, em, self->style.foreground);
      const double value = self->first_tick + (self->high - self->first_tick) * i / self->n_bar_steps;
      eg_label_place (label, 1, 0.5, x, eg_heatmap_layout_height_of (self, value), 0);
    }
  add_name (self, x - tick_width - GAP * em - line, map->y, map->height);
}

void
eg_heatmap_labels_add_bar (EgHeatmapLayout *self, double tick_width)
{
  const double em = self->style.font_size, line = eg_heatmap_labels_line_height (self);
  const EgRect *bar = &self->bar;
  const guint n_steps = count_steps (self, bar->height, line);
  const double x = bar->x + bar->width + (TICK + 0.2) * em;

  self->n_bar_steps = n_steps;
  for (guint i = 0; i <= n_steps; i++)
    {
      char text[32];
      format_tick (self, i, n_steps, text);
      EgLabel *label = add_label (self, text, em, self->style.foreground);
      const double up = (double)(self->reversed ? n_steps - i : i) / n_steps;
      eg_label_place (label, 0, 0.5, x, bar->y + bar->height * (1 - up), 0);
    }
  add_name (self, x + tick_width + GAP * em, bar->y, bar->height);
}
