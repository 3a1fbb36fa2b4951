/* The families of networks that are there, and how a model's is found. */
#include "network/family.h"

#include "core/error.h"
#include "formats/json-text.h"
#include "formats/quote.h"
#include "network/falcon-mamba/falcon-mamba.h"
#include "network/gpt-neox/gpt-neox.h"
#include "network/gpt2/gpt2.h"
#include "network/mamba1/mamba1.h"
#include "network/mamba2/mamba2.h"

#include <glib/gi18n.h>

const EgFamily *const eg_families[] = { &eg_family_mamba1, &eg_family_falcon_mamba, &eg_family_mamba2,
                                        &eg_family_gpt2,   &eg_family_gpt_neox,     NULL };

/* A config.json that names no family known here. */
static void
set_unknown (const EgFields *fields, GError **error)
{
  const char *type = eg_fields_text (fields, "model_type");
  if (type == NULL && eg_fields_has (fields, "model_type"))
    type = "?";
  g_autoptr (GString) known = g_string_new (NULL);
  for (gsize i = 0; eg_families[i] != NULL; i++)
    g_string_append_printf (known, "%s%s", i == 0 ? "" : ", ", _ (eg_families[i]->title));
  if (type == NULL)
    {
      g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                   _ ("%s does not say which network this is; Engram traces %s"), fields->where, known->str);
      return;
    }
  g_autofree char *quoted = eg_quote (type);
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED, _ ("%s: model_type is “%s”; Engram traces %s"),
               fields->where, quoted, known->str);
}

/* Weights of a few bits, or to be rounded to such, are other numbers than those that are stored. What says
 * that it does nothing is allowed. */
static gboolean
refuse_quantized (const EgFields *fields, GError **error)
{
  static const char *const flags[] = { "load_in_8bit", "load_in_4bit" };
  if (!eg_fields_has (fields, "quantization_config"))
    return TRUE;
  JsonNode *node = json_object_get_member (fields->object, "quantization_config");
  const EgFields it
      = { JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : fields->object, fields->where };
  gboolean says_none = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      gboolean loads = TRUE;
      if (!eg_fields_boolean (&it, flags[i], TRUE, &loads, error))
        return FALSE;
      says_none = says_none && !loads;
    }
  if (JSON_NODE_HOLDS_OBJECT (node) && (json_object_get_size (it.object) == 0 || says_none))
    return TRUE;
  const char *method = JSON_NODE_HOLDS_OBJECT (node) ? eg_fields_text (&it, "quant_method") : NULL;
  g_autofree char *quoted = eg_quote (method ? method : "?");
  g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
               _ ("%s: quantization_config says that the weights are quantized (%s); Engram traces F32, F16 "
                  "and BF16 weights"),
               fields->where, quoted);
  return FALSE;
}

/* transformers reads a config.4.2.json in this file's place where this one names it and 4.2 is not later than
 * itself. */
static gboolean
is_versioned (const char *name)
{
  return name != NULL && g_str_has_prefix (name, "config.") && g_str_has_suffix (name, ".json")
         && !g_str_equal (name, "config.json");
}

static gboolean
refuse_versions (const EgFields *fields, GError **error)
{
  static const char field[] = "configuration_files";
  JsonNode *node = eg_fields_has (fields, field) ? json_object_get_member (fields->object, field) : NULL;
  JsonArray *files = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  for (guint i = 0; files != NULL && i < json_array_get_length (files); i++)
    {
      const char *name = eg_json_node_get_text (json_array_get_element (files, i));
      if (!is_versioned (name))
        continue;
      g_autofree char *quoted = eg_quote (name);
      g_set_error (error, EG_ERROR, EG_ERROR_UNSUPPORTED,
                   _ ("%s: %s is “%s”; Engram traces models whose %s is “%s”"), fields->where, field, quoted,
                   field, "config.json");
      return FALSE;
    }
  return TRUE;
}

/* What says that the model is in other files than those that are read. */
static gboolean
refuse_other_files (const EgFields *fields, GError **error)
{
  return refuse_versions (fields, error)
         && eg_fields_require_text (fields, "transformers_weights", "model.safetensors", error);
}

EgSizes *
eg_family_read_config (const char *path, const EgFamily **family, GError **error)
{
  g_autoptr (JsonNode) root = eg_json_load_object (path, error);
  if (!root)
    return NULL;
  g_autofree char *where = g_path_get_basename (path);
  const EgFields fields = { json_node_get_object (root), where };
  if (!refuse_quantized (&fields, error) || !refuse_other_files (&fields, error))
    return NULL;
  for (gsize i = 0; eg_families[i] != NULL; i++)
    {
      if (!eg_families[i]->recognizes (&fields))
        continue;
      *family = eg_families[i];
      g_autofree gpointer sizes = g_malloc0 ((*family)->sizes_size);
      return (*family)->read (&fields, sizes, error) ? g_steal_pointer (&sizes) : NULL;
    }
  set_unknown (&fields, error);
  return NULL;
}

gsize
eg_size_field_get (const EgSizeField *self, const EgSizes *sizes)
{
  const guint8 *at = (const guint8 *)sizes + self->offset;
  return self->is_flag ? (gsize)(*(const gboolean *)(gconstpointer)at != FALSE)
                       : *(const gsize *)(gconstpointer)at;
}

gsize
eg_family_site_width (const EgFamily *self, const EgSizes *sizes, EgSite site)
{
  gsize dims[EG_MAX_DIMS] = { 0 };
  self->get_dims (sizes, dims);
  return dims[self->sites[site].width];
}

EgSiteSet
eg_family_expand_sites (const EgFamily *self, EgSiteSet set)
{
  EgSiteSet expanded = 0;
  for (EgSite site = 0; site < self->n_sites; site++)
    if ((set & EG_SITE_BIT (site)) != 0)
      expanded |= self->sites[site].parts != 0 ? self->sites[site].parts : EG_SITE_BIT (site);
  return expanded;
}

EgSiteSet
eg_family_all_sites (const EgFamily *self)
{
  return EG_SITE_BIT (self->n_sites) - 1;
}

EgSiteSet
eg_family_sites_below (const EgFamily *self, EgSiteSet set)
{
  EgSiteSet below = 0;
  for (EgSite site = 0; site < self->n_sites; site++)
    if ((set & EG_SITE_BIT (site)) != 0 && self->sites[site].after
        && self->sites[self->sites[site].added_to].kept == EG_KEPT_VALUE)
      below |= EG_SITE_BIT (self->sites[site].added_to);
  return below;
}
