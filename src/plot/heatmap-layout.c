/* Where everything of a heatmap goes. */
#include "plot/heatmap.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* Multiples of the font size. */
#define MARGIN        0.5
#define GAP           0.4
#define TICK          0.35
#define BAR_WIDTH     0.9
#define BAR_GAP       1.0
#define TITLE_SIZE    1.25
#define MIN_MAP       2.0
#define BRACKET_DROP  0.5
#define FONT_SIZE_MIN 0.2

#define TOKEN_ANGLE (G_PI / 4)

void
eg_heatmap_style_init_figure (EgHeatmapStyle *self)
{
  *self = (EgHeatmapStyle){
    .colormap = EG_COLORMAP_RDYLBU_R,
    .scale = EG_SCALE_NORMALIZED,
    .font_size = 8,
    .foreground = { 0, 0, 0, 1 },
    .dim = { 0.35, 0.35, 0.35, 1 },
    .background = { 1, 1, 1, 1 },
    .empty = { 0.96, 0.96, 0.96, 1 },
    .hatch = { 0.82, 0.82, 0.82, 1 },
    .subject = { 0, 0, 0, 1 },
  };
}

void
eg_heatmap_style_init_screen (EgHeatmapStyle *self, gboolean dark)
{
  eg_heatmap_style_init_figure (self);
  self->font_size = 12;
  self->background = (EgColor){ 0, 0, 0, 0 };
  if (dark)
    {
      self->foreground = (EgColor){ 1, 1, 1, 1 };
      self->dim = (EgColor){ 1, 1, 1, 0.7 };
      self->empty = (EgColor){ 0.19, 0.19, 0.19, 1 };
      self->hatch = (EgColor){ 0.29, 0.29, 0.29, 1 };
      self->subject = (EgColor){ 0.47, 0.68, 0.93, 1 };
    }
  else
    {
      self->foreground = (EgColor){ 0, 0, 0, 0.87 };
      self->dim = (EgColor){ 0, 0, 0, 0.65 };
      self->subject = (EgColor){ 0.11, 0.44, 0.85, 1 };
    }
}

/* The next of 1, 2, 2.5, 5 times a power of ten. */
static double
round_up (double value)
{
  if (!(value > 0) || !isfinite (value))
    return 1;
  const double power = pow (10, floor (log10 (value)));
  const double steps[] = { 1, 2, 2.5, 5 };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (value <= steps[i] * power * (1 + 1e-9))
      return steps[i] * power;
  return 10 * power;
}

static double
highest_score (const EgTraceResult *result)
{
  double highest = isnan (result->high_score) ? 0 : result->high_score;

  for (gsize i = 0; i < result->n_layers * result->n_tokens; i++)
    if (result->scores[i] > highest)
      highest = result->scores[i];
  return highest;
}

static gboolean
is_undefined (const EgTraceResult *result)
{
  return result->high_score <= result->low_score;
}

static void
choose_scale (EgHeatmapLayout *self, const EgTraceResult *result)
{
  self->normalized = self->style.scale == EG_SCALE_NORMALIZED && !is_undefined (result);
  self->low = 0;
  self->high = self->normalized ? 1 : round_up (highest_score (result));
}

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
  return decimals;
}

/* (transfer none): kept by the layout. */
static EgLabel *
add_label (EgHeatmapLayout *self, const char *text, double size, gboolean bold, EgColor color)
{
  EgLabel *label = eg_label_new (text, self->style.font_family, size, bold, color);
  g_ptr_array_add (self->labels, label);
  return label;
}

static double
snap (const EgHeatmapLayout *self, double x)
{
  return self->pixel > 0 ? round (x * self->pixel) / self->pixel : x;
}

/* Texts above the map, each over the whole width. Returns: where the next thing may begin. */
static double
place_heading (EgHeatmapLayout *self, const char *text, double size, EgColor color, double y)
{
  const double em = self->style.font_size;
  EgLabel *label = add_label (self, text, size, FALSE, color);

  eg_label_wrap (label, self->width - 2 * MARGIN * em);
  eg_label_place (label, 0.5, 0, self->width / 2, y, 0);
  return y + label->height + GAP * em;
}

/* The labels of the layers' axis and of the colour bar, all of one width, so that nothing moves while numbers
 * come in. They are placed when the map's height is known. */
static double
width_of_text (const EgHeatmapLayout *self, const char *text)
{
  g_autoptr (EgLabel) label
      = eg_label_new (text, self->style.font_family, self->style.font_size, FALSE, self->style.foreground);
  return label->width;
}

static double
line_height (const EgHeatmapLayout *self)
{
  g_autoptr (EgLabel) label
      = eg_label_new ("Ág", self->style.font_family, self->style.font_size, FALSE, self->style.foreground);
  return label->height;
}

static void
make_token_labels (EgHeatmapLayout *self, const EgTraceResult *result, double size)
{
  self->token_labels = g_new0 (EgLabel *, self->n_tokens);
  for (gsize t = 0; t < self->n_tokens; t++)
    {
      const gboolean is_subject = t >= self->subject_first && t <= self->subject_last;
      g_autofree char *text = eg_token_to_label (result->tokens != NULL ? result->tokens[t] : "");
      self->token_labels[t]
          = add_label (self, text, size, FALSE, is_subject ? self->style.subject : self->style.foreground);
    }
}

/* The angle at which lines of text of this height, one a column, do not touch: 45°, or steeper. */
static double
token_angle (double text_height, double column)
{
  const double sine = text_height / MAX (column, 1e-6);
  return sine >= 1 ? G_PI / 2 : MAX (TOKEN_ANGLE, asin (sine));
}

/* How far left the map must begin so that no token's label leaves the picture: label t reaches e_t to the
 * left of its column's middle, which is at x + (right − x)·f. */
static double
left_for_tokens (const EgHeatmapLayout *self, double angle, double margin, double right)
{
  double left = 0;

  for (gsize t = 0; t < self->n_tokens; t++)
    {
      const EgLabel *label = self->token_labels[t];
      const double reach = margin + label->width * cos (angle) + label->height / 2 * sin (angle);
      const double f = ((double)t + 0.5) / (double)self->n_tokens;
      left = MAX (left, (reach - f * right) / (1 - f));
    }
  return left;
}

/* Widths and the tokens' slope. Returns: the angle. */
static double
place_across (EgHeatmapLayout *self, const EgTraceResult *result, double left, double right)
{
  const double em = self->style.font_size;
  const double text_height = line_height (self);
  double column = (right - left) / (double)self->n_tokens;
  double size = em;

  if (column < text_height)
    size = em * MAX (column / text_height, FONT_SIZE_MIN);
  make_token_labels (self, result, size);
  const double angle = token_angle (text_height * size / em, column);
  for (gsize t = 0; t < self->n_tokens; t++)
    eg_label_limit (self->token_labels[t], MAX (6 * em, 0.4 * MIN (self->height, self->width) / sin (angle)));

  left = MAX (left, left_for_tokens (self, angle, MARGIN * em, right));
  left = MIN (left, right - (double)self->n_tokens);
  self->map.x = snap (self, left);
  self->map.width = snap (self, right) - self->map.x;
  return angle;
}

static double
height_of_tokens (const EgHeatmapLayout *self, double angle)
{
  double height = 0;
  for (gsize t = 0; t < self->n_tokens; t++)
    {
      const EgLabel *label = self->token_labels[t];
      height = MAX (height, label->width * sin (angle) + label->height * cos (angle));
    }
  return height;
}

static void
place_tokens (EgHeatmapLayout *self, double angle)
{
  const double top = self->map.y + self->map.height + (TICK + 0.15) * self->style.font_size;
  for (gsize t = 0; t < self->n_tokens; t++)
    {
      EgLabel *label = self->token_labels[t];
      const double x = self->map.x + ((double)t + 0.5) * self->map.width / (double)self->n_tokens;
      eg_label_place (label, 1, 0.5, x, top + label->height / 2 * cos (angle), -angle);
    }
}

/* The bracket's band above the map. Returns: where the map may begin. */
static double
place_subject (EgHeatmapLayout *self, double y)
{
  const double em = self->style.font_size;
  const double column = self->map.width / (double)self->n_tokens;
  const double x0 = self->map.x + (double)self->subject_first * column;
  const double x1 = self->map.x + (double)(self->subject_last + 1) * column;
  EgLabel *label = add_label (self, _ ("Subject"), em, FALSE, self->style.subject);
  const double half = label->width / 2;
  const double x = CLAMP ((x0 + x1) / 2, MARGIN * em + half, self->width - MARGIN * em - half);
  const gboolean inside = x1 - x0 >= label->width + 2 * em;

  self->subject_label = label;
  /* Within the line where it is long enough, or else above it. */
  eg_label_place (label, 0.5, 0, x, y, 0);
  self->bracket_y = snap (self, inside ? y + label->height / 2 : y + label->height + 0.15 * em);
  return MAX (y + label->height, self->bracket_y + BRACKET_DROP * em) + 0.1 * em;
}

static void
place_layers (EgHeatmapLayout *self, double text_height)
{
  const double em = self->style.font_size;
  const double row = self->map.height / (double)self->n_layers;
  gsize step = 1;

  while ((double)step * row < text_height * 0.95 && step < self->n_layers)
    step *= 2;
  for (gsize l = 0; l < self->n_layers; l += step)
    {
      char text[32];
      g_snprintf (text, sizeof text, "%" G_GSIZE_FORMAT, l);
      EgLabel *label = add_label (self, text, em, FALSE, self->style.foreground);
      eg_label_place (label, 1, 0.5, self->map.x - (TICK + 0.2) * em, self->map.y + ((double)l + 0.5) * row,
                      0);
    }
  self->layer_step = step;

  /* Beside the numbers, not at the picture's edge: long tokens can push the map far to the right. */
  char widest[32];
  g_snprintf (widest, sizeof widest, "%" G_GSIZE_FORMAT, self->n_layers - 1);
  EgLabel *axis = add_label (self, _ ("Layer"), em, FALSE, self->style.dim);
  const double x = self->map.x - (TICK + 0.2 + GAP) * em - width_of_text (self, widest) - axis->height / 2;
  if (axis->width <= self->map.height)
    eg_label_place (axis, 0.5, 0.5, x, self->map.y + self->map.height / 2, -G_PI / 2);
  else
    g_ptr_array_remove (self->labels, axis);
}

static void
place_bar (EgHeatmapLayout *self, double text_height, double tick_width)
{
  const double em = self->style.font_size;
  const guint n_steps = self->map.height >= 5 * 1.8 * text_height   ? 5
                        : self->map.height >= 2 * 1.5 * text_height ? 2
                                                                    : 1;
  const double step = (self->high - self->low) / n_steps;
  const int decimals = MAX (1, decimals_of (step));

  self->bar = (EgRect){ snap (self, self->map.x + self->map.width + BAR_GAP * em), self->map.y,
                        snap (self, BAR_WIDTH * em), self->map.height };
  self->n_bar_steps = n_steps;
  const double x = self->bar.x + self->bar.width + (TICK + 0.2) * em;
  for (guint i = 0; i <= n_steps; i++)
    {
      char text[32];
      g_snprintf (text, sizeof text, "%.*f", decimals, self->low + i * step);
      EgLabel *label = add_label (self, text, em, FALSE, self->style.foreground);
      eg_label_place (label, 0, 0.5, x, self->bar.y + self->bar.height * (1 - (double)i / n_steps), 0);
    }

  EgLabel *name = add_label (self, self->normalized ? _ ("Normalized probability") : _ ("Probability"), em,
                             FALSE, self->style.dim);
  eg_label_limit (name, self->map.height + 2 * em);
  eg_label_place (name, 0.5, 0, x + tick_width + GAP * em, self->bar.y + self->bar.height / 2, -G_PI / 2);
}

EgHeatmapLayout *
eg_heatmap_layout_new (
    const EgTraceResult *result, const EgHeatmapStyle *style, double width, double height, double pixel)
{
  EgHeatmapLayout *self = g_new0 (EgHeatmapLayout, 1);
  const double em = style->font_size;

  self->style = *style;
  self->style.title = NULL;
  self->style.font_family = g_intern_string (style->font_family);
  self->width = width;
  self->height = height;
  self->pixel = pixel;
  self->n_layers = result->n_layers;
  self->n_tokens = result->n_tokens;
  self->subject_first = result->subject_first;
  self->subject_last = MIN (result->subject_last, result->n_tokens - 1);
  self->labels = g_ptr_array_new_with_free_func ((GDestroyNotify)eg_label_free);
  choose_scale (self, result);

  const double text_height = line_height (self);
  const double tick_width = width_of_text (self, "0.00");
  const double layer_width = width_of_text (self, result->n_layers > 100 ? "000" : "00");
  const double left = (MARGIN + GAP + TICK + 0.2) * em + text_height + layer_width;
  const double right
      = width - (MARGIN + GAP + TICK + 0.2 + BAR_WIDTH + BAR_GAP) * em - text_height - tick_width;
  const double angle = place_across (self, result, left, MAX (right, left + MIN_MAP * em));

  double top = MARGIN * em;
  if (style->title != NULL && *style->title != '\0')
    top = place_heading (self, style->title, em * TITLE_SIZE, style->foreground, top);
  if (style->scale == EG_SCALE_NORMALIZED && is_undefined (result))
    top = place_heading (self,
                         _ ("Normalized scores are undefined (corrupted ≥ clean): probabilities are shown"),
                         em, style->dim, top);
  top = snap (self, place_subject (self, top));

  const double below = height_of_tokens (self, angle) + (TICK + 0.15 + MARGIN) * em;
  self->map.y = top;
  self->map.height = MAX (snap (self, height - below) - top, MIN_MAP * em);
  place_tokens (self, angle);
  place_layers (self, text_height);
  place_bar (self, text_height, tick_width);
  return self;
}

void
eg_heatmap_layout_free (EgHeatmapLayout *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->labels);
  g_free (self->token_labels);
  g_free (self);
}

double
eg_heatmap_natural_height (const EgTraceResult *result, const EgHeatmapStyle *style, double width)
{
  const double probe = width;
  g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (result, style, width, probe, 0);
  const double rows = (double)result->n_layers * style->font_size * 1.25;
  return probe - layout->map.height + CLAMP (rows, 0.36 * layout->map.width, 0.85 * layout->map.width);
}

double
eg_heatmap_minimum_width (const EgTraceResult *result, const EgHeatmapStyle *style)
{
  const double probe = 1e4;
  g_autoptr (EgHeatmapLayout) layout = eg_heatmap_layout_new (result, style, probe, probe, 0);
  return probe - layout->map.width + (double)result->n_tokens * line_height (layout) * G_SQRT2;
}

gboolean
eg_heatmap_layout_fits (const EgHeatmapLayout *self, const EgTraceResult *result)
{
  EgHeatmapLayout now = { .style = self->style };

  if (self->n_layers != result->n_layers || self->n_tokens != result->n_tokens
      || self->subject_first != result->subject_first || self->subject_last != result->subject_last)
    return FALSE;
  choose_scale (&now, result);
  return now.normalized == self->normalized && now.high == self->high;
}

EgRect
eg_heatmap_layout_get_cell (const EgHeatmapLayout *self, gsize layer, gsize position)
{
  const double column = self->map.width / (double)self->n_tokens;
  const double row = self->map.height / (double)self->n_layers;
  const double x = snap (self, self->map.x + (double)position * column);
  const double y = snap (self, self->map.y + (double)layer * row);

  return (EgRect){ x, y, snap (self, self->map.x + (double)(position + 1) * column) - x,
                   snap (self, self->map.y + (double)(layer + 1) * row) - y };
}

/* Which of n edges snapped as cells are holds x; x is within the whole. */
static gsize
find_index (const EgHeatmapLayout *self, double x, double origin, double length, gsize n)
{
  const double size = length / (double)n;
  gsize i = MIN ((gsize)((x - origin) / size), n - 1);

  if (i > 0 && x < snap (self, origin + (double)i * size))
    i--;
  else if (i + 1 < n && x >= snap (self, origin + (double)(i + 1) * size))
    i++;
  return i;
}

gboolean
eg_heatmap_layout_find_cell (const EgHeatmapLayout *self, double x, double y, gsize *layer, gsize *position)
{
  const EgRect *map = &self->map;

  if (!(x >= map->x && x < map->x + map->width && y >= map->y && y < map->y + map->height))
    return FALSE;
  if (layer != NULL)
    *layer = find_index (self, y, map->y, map->height, self->n_layers);
  if (position != NULL)
    *position = find_index (self, x, map->x, map->width, self->n_tokens);
  return TRUE;
}

double
eg_heatmap_layout_place (const EgHeatmapLayout *self, const EgTraceResult *result, double score)
{
  if (self->normalized)
    return eg_trace_result_normalize (result, score);
  return CLAMP ((score - self->low) / (self->high - self->low), 0, 1);
}
