/* A chart of curves: axes, ticks, legend and lines. */
#include "plot/chart.h"

#include <math.h>

/* Multiples of the font size. */
#define MARGIN 0.5
#define TICK   0.35
#define GAP    0.4

#define MAX_TICKS 12

typedef struct
{
  double low, high, step;
  int decimals;
} Axis;

void
eg_chart_init_figure (EgChart *self)
{
  *self = (EgChart){
    .cursor = -1,
    .font_size = 8,
    .foreground = { 0, 0, 0, 1 },
    .dim = { 0.35, 0.35, 0.35, 1 },
    .background = { 1, 1, 1, 1 },
  };
}

void
eg_chart_init_screen (EgChart *self, gboolean dark)
{
  eg_chart_init_figure (self);
  self->font_size = 12;
  self->background = (EgColor){ 0, 0, 0, 0 };
  self->foreground = dark ? (EgColor){ 1, 1, 1, 1 } : (EgColor){ 0, 0, 0, 0.87 };
  self->dim = dark ? (EgColor){ 1, 1, 1, 0.7 } : (EgColor){ 0, 0, 0, 0.65 };
}

/* The ends of a curve's band at a point; FALSE where it has none. */
static gboolean
get_band (const EgChartSeries *series, gsize i, double *low, double *high)
{
  const double sem = series->sem != NULL ? series->sem[i] : (double)NAN;
  *low = series->lower != NULL ? series->lower[i] : series->values[i] - sem;
  *high = series->upper != NULL ? series->upper[i] : series->values[i] + sem;
  return !isnan (*low) && !isnan (*high);
}

static void
find_range (const EgChart *self, double *low, double *high)
{
  *low = INFINITY;
  *high = -INFINITY;
  for (gsize k = 0; k < self->n_series; k++)
    for (gsize i = 0; i < self->series[k].n; i++)
      {
        const EgChartSeries *series = &self->series[k];
        double from, to;
        if (isnan (series->values[i]))
          continue;
        if (!get_band (series, i, &from, &to))
          from = to = series->values[i];
        *low = MIN (*low, from);
        *high = MAX (*high, to);
      }
  if (!(*low <= *high))
    *low = 0, *high = 1;
}

/* Ends and a step that are round numbers: the fewest steps of 1, 2 or 5 times a power of ten that hold the
 * range, not more than n. */
static Axis
make_axis (const EgChart *self, guint n)
{
  static const double steps[] = { 1, 2, 5, 10 };
  double low = self->low, high = self->high;

  if (!(high > low))
    find_range (self, &low, &high);
  if (high - low < 1e-9)
    high = low + MAX (1e-3, fabs (low) * 0.1);
  /* A curve that comes near zero is shown from zero. */
  if (!(self->high > self->low) && low > 0 && low < 0.4 * high)
    low = 0;

  const double raw = (high - low) / n;
  const double power = pow (10, floor (log10 (raw)));
  Axis axis = { .step = 10 * power };
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i] * power >= raw * (1 - 1e-9))
      {
        axis.step = steps[i] * power;
        break;
      }
  axis.low = floor (low / axis.step + 1e-9) * axis.step;
  axis.high = ceil (high / axis.step - 1e-9) * axis.step;
  axis.decimals = MAX (0, (int)-floor (log10 (axis.step) + 1e-9));
  return axis;
}

static EgLabel *
new_label (const EgChart *self, const char *text, EgColor color)
{
  return eg_label_new (text, self->font_family, self->font_size, FALSE, color);
}

static double
text_height (const EgChart *self)
{
  g_autoptr (EgLabel) label = new_label (self, "Ág", self->dim);
  return label->height;
}

static char *
format_value (const Axis *axis, double value)
{
  /* No "-0.0". */
  return g_strdup_printf ("%.*f", axis->decimals, fabs (value) < axis->step / 2 ? 0 : value);
}

/* The widest of the numbers at the y axis; four digits at least, so that charts above each other line up. */
static double
width_of_numbers (const EgChart *self, const Axis *axis)
{
  g_autofree char *low = format_value (axis, axis->low), *high = format_value (axis, axis->high);
  const char *const texts[] = { low, high, "0.00" };
  double width = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (EgLabel) label = new_label (self, texts[i], self->dim);
      width = MAX (width, label->width);
    }
  return width;
}

static guint
count_steps (const EgChart *self, double height)
{
  return (guint)CLAMP (height / (3.2 * text_height (self)), 1, MAX_TICKS / 2);
}

static gboolean
has_legend (const EgChart *self)
{
  for (gsize k = 0; k < self->n_series; k++)
    if (self->series[k].name != NULL)
      return !self->plain && self->n_series > 1;
  return FALSE;
}

static EgRect
get_area (const EgChart *self, const Axis *axis, double width, double height)
{
  const double em = self->font_size;

  if (self->plain)
    {
      const double pad = em * 0.3;
      return (EgRect){ pad, pad, MAX (width - 2 * pad, 1), MAX (height - 2 * pad, 1) };
    }

  const double line = text_height (self);
  double left = (MARGIN + TICK + 0.2) * em + width_of_numbers (self, axis);
  double top = MARGIN * em + line / 2, bottom = (MARGIN + TICK + 0.1) * em + line;
  if (self->y_title != NULL)
    left += line + GAP * em;
  if (self->x_title != NULL)
    bottom += line;
  if (self->title != NULL || has_legend (self))
    top += line + GAP * em;
  return (EgRect){ left, top, MAX (width - left - MARGIN * em, 1), MAX (height - top - bottom, 1) };
}

EgRect
eg_chart_get_area (const EgChart *self, double width, double height)
{
  const Axis axis = make_axis (self, count_steps (self, height));
  return get_area (self, &axis, width, height);
}

static gsize
count_points (const EgChart *self)
{
  gsize n = 1;
  for (gsize k = 0; k < self->n_series; k++)
    n = MAX (n, self->series[k].n);
  return n;
}

static double
x_of (const EgRect *area, gsize n, gsize i)
{
  return area->x + ((double)i + 0.5) * area->width / (double)n;
}

static double
y_of (const EgRect *area, const Axis *axis, double value)
{
  return area->y + area->height * (1 - (value - axis->low) / (axis->high - axis->low));
}

/* The middle of the device pixel at a place, so that a line of one pixel is sharp. */
static double
sharp (const EgChart *self, double x)
{
  return self->pixel > 0 ? (floor (x * self->pixel) + 0.5) / self->pixel : x;
}

static double
hairline (const EgChart *self)
{
  return self->pixel > 0 ? MAX (1, round (0.08 * self->font_size * self->pixel)) / self->pixel
                         : 0.08 * self->font_size;
}

static void
set_faded (EgColor color, double alpha, cairo_t *cr)
{
  color.alpha *= alpha;
  eg_color_set (color, cr);
}

static void
draw_label (const EgChart *self,
            cairo_t *cr,
            const char *text,
            EgColor color,
            double fx,
            double fy,
            double x,
            double y,
            double angle)
{
  g_autoptr (EgLabel) label = new_label (self, text, color);
  eg_label_place (label, fx, fy, x, y, angle);
  eg_label_draw (label, cr);
}

/* Smaller, and past the axis' ends, before it is cut. */
static void
draw_y_title (const EgChart *self, cairo_t *cr, const EgRect *area)
{
  const double em = self->font_size, whole = area->y + area->height + 2 * text_height (self);
  g_autoptr (EgLabel) label = new_label (self, self->y_title, self->dim);

  if (label->width > whole)
    {
      const double size = em * MAX (whole / label->width, 0.7);
      eg_label_free (g_steal_pointer (&label));
      label = eg_label_new (self->y_title, self->font_family, size, FALSE, self->dim);
      eg_label_limit (label, whole);
    }
  const double middle = CLAMP (area->y + area->height / 2, label->width / 2,
                               MAX (whole - label->width / 2, label->width / 2));
  eg_label_place (label, 0.5, 0, MARGIN * em, middle, -G_PI / 2);
  eg_label_draw (label, cr);
}

static void
draw_y_axis (const EgChart *self, cairo_t *cr, const EgRect *area, const Axis *axis)
{
  const double em = self->font_size;
  const int n = (int)lround ((axis->high - axis->low) / axis->step);

  for (int i = 0; i <= n; i++)
    {
      const double value = axis->low + i * axis->step;
      const double y = sharp (self, y_of (area, axis, value));
      set_faded (self->dim, i == 0 ? 0.6 : 0.2, cr);
      cairo_move_to (cr, area->x, y);
      cairo_line_to (cr, area->x + area->width, y);
      cairo_stroke (cr);
      g_autofree char *text = format_value (axis, value);
      draw_label (self, cr, text, self->foreground, 1, 0.5, area->x - (TICK + 0.2) * em, y, 0);
    }
  if (self->y_title != NULL)
    draw_y_title (self, cr, area);
}

/* After 1: 2, 4, 8 …, or 2, 5, 10, 20 … */
static gsize
next_step (gsize step, gboolean decimal)
{
  gsize power = 1;
  while (power * 10 <= step)
    power *= 10;
  return decimal && step == 2 * power ? 5 * power : 2 * step;
}

/* Below its point, but not past the chart's end. */
static void
draw_x_number (const EgChart *self, cairo_t *cr, const char *text, double x, double end, double y)
{
  g_autoptr (EgLabel) label = new_label (self, text, self->foreground);
  eg_label_place (label, 0.5, 0, MIN (x, end - label->width / 2), y, 0);
  eg_label_draw (label, cr);
}

static void
draw_x_axis (const EgChart *self, cairo_t *cr, const EgRect *area, gsize n)
{
  const double em = self->font_size, line = text_height (self);
  const double y = area->y + area->height;
  gsize step = 1;

  while ((double)step * area->width / (double)n < 2 * em && step < n)
    step = next_step (step, self->decimal);
  for (gsize i = 0; i < n; i += step)
    {
      const double x = sharp (self, x_of (area, n, i));
      char text[32];
      set_faded (self->dim, 0.6, cr);
      cairo_move_to (cr, x, y);
      cairo_line_to (cr, x, y + 0.3 * em);
      cairo_stroke (cr);
      g_snprintf (text, sizeof text, "%" G_GSIZE_FORMAT, i);
      draw_x_number (self, cr, text, x, area->x + area->width + MARGIN * em, y + (TICK + 0.1) * em);
    }
  if (self->x_title != NULL)
    draw_label (self, cr, self->x_title, self->dim, 0.5, 0, area->x + area->width / 2,
                y + (TICK + 0.1) * em + line, 0);
}

static void
draw_band (const EgChartSeries *series, cairo_t *cr, const EgRect *area, const Axis *axis, gsize n)
{
  for (gsize i = 0; i + 1 < series->n; i++)
    {
      double low[2], high[2];
      if (!get_band (series, i, &low[0], &high[0]) || !get_band (series, i + 1, &low[1], &high[1]))
        continue;
      cairo_move_to (cr, x_of (area, n, i), y_of (area, axis, high[0]));
      cairo_line_to (cr, x_of (area, n, i + 1), y_of (area, axis, high[1]));
      cairo_line_to (cr, x_of (area, n, i + 1), y_of (area, axis, low[1]));
      cairo_line_to (cr, x_of (area, n, i), y_of (area, axis, low[0]));
      cairo_close_path (cr);
    }
  set_faded (series->color, 0.18, cr);
  cairo_fill (cr);
}

static void
draw_dot (cairo_t *cr, double x, double y, double radius)
{
  cairo_new_sub_path (cr);
  cairo_arc (cr, x, y, radius, 0, 2 * G_PI);
}

static void
draw_curve (const EgChart *self,
            const EgChartSeries *series,
            cairo_t *cr,
            const EgRect *area,
            const Axis *axis,
            gsize n)
{
  const double em = self->font_size;
  gboolean open = FALSE;

  cairo_set_line_width (cr, 0.14 * em);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  for (gsize i = 0; i < series->n; i++)
    {
      if (isnan (series->values[i]))
        {
          open = FALSE;
          continue;
        }
      const double x = x_of (area, n, i), y = y_of (area, axis, series->values[i]);
      /* A point alone is a dot: a line to itself with round ends. */
      if (!open)
        cairo_move_to (cr, x, y);
      cairo_line_to (cr, x, y);
      open = TRUE;
    }
  eg_color_set (series->color, cr);
  cairo_stroke (cr);
}

static void
draw_marks (const EgChart *self,
            const EgChartSeries *series,
            cairo_t *cr,
            const EgRect *area,
            const Axis *axis,
            gsize n)
{
  const double em = self->font_size;

  for (gsize k = 0; k < series->n_marked; k++)
    {
      const gsize i = series->marked[k];
      if (i >= series->n || isnan (series->values[i]))
        continue;
      draw_dot (cr, x_of (area, n, i), y_of (area, axis, series->values[i]),
                self->plain ? 0.26 * em : 0.32 * em);
      eg_color_set (series->color, cr);
      cairo_fill (cr);
    }
}

/* One line above the curves: the title at its left, the curves' names at its right. */
static void
draw_heading (const EgChart *self, cairo_t *cr, const EgRect *area)
{
  const double em = self->font_size;
  const double y = MARGIN * em;
  double x = area->x + area->width;

  if (self->title != NULL)
    draw_label (self, cr, self->title, self->foreground, 0, 0, area->x, y, 0);
  if (!has_legend (self))
    return;
  for (gsize k = self->n_series; k-- > 0;)
    {
      const EgChartSeries *series = &self->series[k];
      if (series->name == NULL)
        continue;
      g_autoptr (EgLabel) label = new_label (self, series->name, self->foreground);
      eg_label_place (label, 1, 0, x, y, 0);
      eg_label_draw (label, cr);
      const double middle = y + label->height / 2;
      cairo_set_line_width (cr, 0.14 * em);
      cairo_move_to (cr, label->x - 1.6 * em, middle);
      cairo_line_to (cr, label->x - 0.4 * em, middle);
      eg_color_set (series->color, cr);
      cairo_stroke (cr);
      x = label->x - 2.4 * em;
    }
}

void
eg_chart_draw (const EgChart *self, cairo_t *cr, double width, double height)
{
  const Axis axis = make_axis (self, count_steps (self, height));
  const EgRect area = get_area (self, &axis, width, height);
  const gsize n = count_points (self);

  cairo_save (cr);
  if (self->background.alpha > 0)
    {
      eg_color_set (self->background, cr);
      cairo_paint (cr);
    }
  cairo_set_line_width (cr, hairline (self));
  if (!self->plain)
    {
      draw_y_axis (self, cr, &area, &axis);
      draw_x_axis (self, cr, &area, n);
      draw_heading (self, cr, &area);
    }
  else
    {
      const double y = sharp (self, y_of (&area, &axis, axis.low));
      set_faded (self->dim, 0.4, cr);
      cairo_move_to (cr, area.x, y);
      cairo_line_to (cr, area.x + area.width, y);
      cairo_stroke (cr);
    }
  if (self->cursor >= 0)
    {
      const double x = sharp (self, x_of (&area, n, (gsize)self->cursor));
      cairo_set_line_width (cr, hairline (self));
      set_faded (self->dim, 0.5, cr);
      cairo_move_to (cr, x, area.y);
      cairo_line_to (cr, x, area.y + area.height);
      cairo_stroke (cr);
    }
  /* What is outside ends that were given is not drawn. */
  if (self->high > self->low)
    {
      cairo_rectangle (cr, area.x, area.y, area.width, area.height);
      cairo_clip (cr);
    }
  for (gsize k = 0; k < self->n_series; k++)
    {
      if (self->series[k].sem != NULL || self->series[k].lower != NULL)
        draw_band (&self->series[k], cr, &area, &axis, n);
      draw_curve (self, &self->series[k], cr, &area, &axis, n);
      draw_marks (self, &self->series[k], cr, &area, &axis, n);
    }
  cairo_restore (cr);
}
