/* Asks the child for its height at the width that it will have, and cuts it at the bound. */
#include "app/parts/bounded-scroller.h"

struct _EgBoundedScroller
{
  GtkWidget parent_instance;
  GtkWidget *scroller;
  GtkWidget *child; /* (nullable): the scroller's */
  int max_height;
};

enum
{
  PROP_0,
  PROP_CHILD,
  PROP_MAX_HEIGHT,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EgBoundedScroller, eg_bounded_scroller, GTK_TYPE_WIDGET)

static GtkSizeRequestMode
eg_bounded_scroller_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
eg_bounded_scroller_measure (GtkWidget *widget,
                             GtkOrientation orientation,
                             int for_size,
                             int *minimum,
                             int *natural,
                             int *minimum_baseline,
                             int *natural_baseline)
{
  EgBoundedScroller *self = EG_BOUNDED_SCROLLER (widget);

  *minimum = *natural = 0;
  *minimum_baseline = *natural_baseline = -1;
  if (self->child == NULL)
    return;
  /* GTK wants to have been asked before it allocates. */
  gtk_widget_measure (self->scroller, orientation, -1, NULL, NULL, NULL, NULL);
  gtk_widget_measure (self->child, orientation, for_size, minimum, natural, NULL, NULL);
  if (orientation == GTK_ORIENTATION_VERTICAL)
    *minimum = *natural = MIN (*natural, self->max_height);
}

static void
eg_bounded_scroller_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  gtk_widget_size_allocate (EG_BOUNDED_SCROLLER (widget)->scroller, &(GtkAllocation){ 0, 0, width, height },
                            -1);
}

static void
eg_bounded_scroller_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EgBoundedScroller *self = EG_BOUNDED_SCROLLER (object);

  if (id == PROP_CHILD)
    {
      self->child = g_value_get_object (value);
      gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), self->child);
    }
  else
    self->max_height = g_value_get_int (value);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
eg_bounded_scroller_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EgBoundedScroller *self = EG_BOUNDED_SCROLLER (object);

  if (id == PROP_CHILD)
    g_value_set_object (value, self->child);
  else
    g_value_set_int (value, self->max_height);
}

static void
eg_bounded_scroller_dispose (GObject *object)
{
  EgBoundedScroller *self = EG_BOUNDED_SCROLLER (object);

  self->child = NULL;
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  G_OBJECT_CLASS (eg_bounded_scroller_parent_class)->dispose (object);
}

static void
eg_bounded_scroller_class_init (EgBoundedScrollerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->set_property = eg_bounded_scroller_set_property;
  object_class->get_property = eg_bounded_scroller_get_property;
  object_class->dispose = eg_bounded_scroller_dispose;
  widget_class->get_request_mode = eg_bounded_scroller_get_request_mode;
  widget_class->measure = eg_bounded_scroller_measure;
  widget_class->size_allocate = eg_bounded_scroller_size_allocate;
  properties[PROP_CHILD] = g_param_spec_object ("child", NULL, NULL, GTK_TYPE_WIDGET,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_MAX_HEIGHT] = g_param_spec_int ("max-height", NULL, NULL, 1, G_MAXINT, G_MAXINT,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
eg_bounded_scroller_init (EgBoundedScroller *self)
{
  self->max_height = G_MAXINT;
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
}
