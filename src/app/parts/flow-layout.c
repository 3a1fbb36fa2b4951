/* Lays children out in rows, as words in a text. */
#include "app/parts/flow-layout.h"

struct _EgFlowLayout
{
  GtkLayoutManager parent_instance;
  int spacing, row_spacing;
  gboolean justify;
};

enum
{
  PROP_0,
  PROP_SPACING,
  PROP_ROW_SPACING,
  PROP_JUSTIFY,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EgFlowLayout, eg_flow_layout, GTK_TYPE_LAYOUT_MANAGER)

/* One row: its children, and their sizes. */
typedef struct
{
  GtkWidget *first, *end; /* end exclusive; NULL: to the last */
  int width, height;
} Row;

static int
child_width (GtkWidget *child, int limit)
{
  int minimum, natural;
  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
  return limit < 0 ? natural : MAX (minimum, MIN (natural, limit));
}

static int
child_height (GtkWidget *child, int width)
{
  int natural;
  gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, width, NULL, &natural, NULL, NULL);
  return natural;
}

/* The row that begins with a child. */
static Row
take_row (EgFlowLayout *self, GtkWidget *first, int limit)
{
  Row row = { .first = first };
  GtkWidget *child;

  for (child = first; child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      if (!gtk_widget_should_layout (child))
        continue;
      const int width = child_width (child, limit);
      const int before = row.width > 0 ? row.width + self->spacing : 0;
      if (row.width > 0 && limit >= 0 && before + width > limit)
        break;
      row.width = before + width;
      row.height = MAX (row.height, child_height (child, width));
    }
  row.end = child;
  return row;
}

static int
height_for_width (EgFlowLayout *self, GtkWidget *widget, int width)
{
  int height = 0;
  GtkWidget *child = gtk_widget_get_first_child (widget);

  while (child != NULL)
    {
      const Row row = take_row (self, child, width);
      height += row.height + (height > 0 ? self->row_spacing : 0);
      child = row.end;
    }
  return height;
}

static GtkSizeRequestMode
eg_flow_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
eg_flow_layout_measure (GtkLayoutManager *manager,
                        GtkWidget *widget,
                        GtkOrientation orientation,
                        int for_size,
                        int *minimum,
                        int *natural,
                        int *minimum_baseline,
                        int *natural_baseline)
{
  EgFlowLayout *self = EG_FLOW_LAYOUT (manager);

  if (orientation == GTK_ORIENTATION_VERTICAL)
    {
      *minimum = *natural = height_for_width (self, widget, for_size);
      return;
    }
  *minimum = 0;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (gtk_widget_should_layout (child))
      *minimum = MAX (*minimum, child_width (child, 0));
  *natural = MAX (*minimum, take_row (self, gtk_widget_get_first_child (widget), -1).width);
}

static void
allocate_row (EgFlowLayout *self, const Row *row, int y, int width, gboolean rtl)
{
  int x = 0;

  for (GtkWidget *child = row->first; child != row->end; child = gtk_widget_get_next_sibling (child))
    {
      if (!gtk_widget_should_layout (child))
        continue;
      GtkAllocation place = { .x = x, .y = y, .width = child_width (child, width), .height = row->height };
      x += place.width + self->spacing;
      if (self->justify && child != row->first && gtk_widget_get_next_sibling (child) == row->end)
        place.x = width - place.width;
      if (rtl)
        place.x = width - place.x - place.width;
      gtk_widget_size_allocate (child, &place, -1);
    }
}

static void
eg_flow_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  EgFlowLayout *self = EG_FLOW_LAYOUT (manager);
  const gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GtkWidget *child = gtk_widget_get_first_child (widget);
  int y = 0;

  while (child != NULL)
    {
      const Row row = take_row (self, child, width);
      allocate_row (self, &row, y, width, rtl);
      y += row.height + self->row_spacing;
      child = row.end;
    }
}

static void
eg_flow_layout_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EgFlowLayout *self = EG_FLOW_LAYOUT (object);

  switch (id)
    {
    case PROP_SPACING:
      g_value_set_int (value, self->spacing);
      break;
    case PROP_ROW_SPACING:
      g_value_set_int (value, self->row_spacing);
      break;
    case PROP_JUSTIFY:
      g_value_set_boolean (value, self->justify);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
eg_flow_layout_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EgFlowLayout *self = EG_FLOW_LAYOUT (object);

  switch (id)
    {
    case PROP_SPACING:
      self->spacing = g_value_get_int (value);
      break;
    case PROP_ROW_SPACING:
      self->row_spacing = g_value_get_int (value);
      break;
    case PROP_JUSTIFY:
      self->justify = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
  gtk_layout_manager_layout_changed (GTK_LAYOUT_MANAGER (self));
}

static void
eg_flow_layout_class_init (EgFlowLayoutClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkLayoutManagerClass *layout_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  object_class->get_property = eg_flow_layout_get_property;
  object_class->set_property = eg_flow_layout_set_property;
  layout_class->get_request_mode = eg_flow_layout_get_request_mode;
  layout_class->measure = eg_flow_layout_measure;
  layout_class->allocate = eg_flow_layout_allocate;

  properties[PROP_SPACING]
      = g_param_spec_int ("spacing", NULL, NULL, 0, G_MAXINT, 0, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_ROW_SPACING] = g_param_spec_int ("row-spacing", NULL, NULL, 0, G_MAXINT, 0,
                                                   G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_JUSTIFY]
      = g_param_spec_boolean ("justify", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
eg_flow_layout_init (EgFlowLayout *self)
{
}

GtkLayoutManager *
eg_flow_layout_new (void)
{
  return g_object_new (EG_TYPE_FLOW_LAYOUT, NULL);
}
