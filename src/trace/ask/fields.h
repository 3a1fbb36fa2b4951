/* The table of a request's fields: what each is called in files, settings and options, what it may be, and
 * how it is read, written, compared, copied and checked. Whatever does one of these things to a whole request
 * walks over this table; a new field is an entry of EgTraceField, a member of EgTraceRequest, and a row
 * (field-table.c). */
#pragma once

#include "trace/ask/request.h"

G_BEGIN_DECLS

/**
 * EgFieldType: what the member is.
 * @EG_FIELD_FLAG: a gboolean; @EG_FIELD_COUNT: a guint; @EG_FIELD_NUMBER: a double
 * @EG_FIELD_TEXT: a char *, %NULL where there is none
 * @EG_FIELD_NAME: anything else, which a text stands for
 */
typedef enum
{
  EG_FIELD_FLAG,
  EG_FIELD_COUNT,
  EG_FIELD_NUMBER,
  EG_FIELD_TEXT,
  EG_FIELD_NAME,
} EgFieldType;

/**
 * EgFieldPart: what it is about, for a person who looks for it. Those of the prompt belong to one prompt, the
 * others are settings.
 */
typedef enum
{
  EG_FIELD_OF_PROMPT,
  EG_FIELD_OF_CORRUPTION,
  EG_FIELD_OF_RESTORING,
  EG_FIELD_OF_MEASURE,
} EgFieldPart;

/**
 * EgFieldWhen: when a kind of file has it; UNUSUAL: where it is not as usual.
 */
typedef enum
{
  EG_FIELD_NEVER,
  EG_FIELD_UNUSUAL,
  EG_FIELD_ALWAYS,
} EgFieldWhen;

/**
 * EgFieldInfo: a row of the table.
 * @name: in .npz files
 * @json: in JSON; "noise.kind" is `kind` in the object `noise`
 * @setting: the key of the program's settings, or %NULL where it is not remembered
 * @type, @offset: the member of EgTraceRequest; the offset of a name does not matter
 * @usual: what it is where nobody says anything, as a text
 * @min, @max: of counts, inclusive; of numbers, above the one and up to the other
 * @part: what it is about
 * @in_npz, @in_json: when files have it; those of the prompt are written with its tokens, and NEVER here
 * @in_first_files: a file without it has no settings at all (the notebook's)
 * @ignored: by comparisons: it changes no number
 * @option, @letter, @metavar, @help: of the command line; option %NULL: there is none, letter 0: no short one
 * @owned: offsets of allocated texts of the member, beside a text itself; 0: no more
 * @owned_list: whether the first of them is a list
 * @format: the text of a name; %NULL where there is none. (transfer full)
 * @parse: takes over what a text says; EG_ERROR_INVALID
 * @format_in_file, @parse_in_file: where a file has another text; or %NULL
 * @word: the words that a text is one of, or begins with: NULL after the last; or %NULL
 * @useless: why it means nothing beside the other fields, in words for the command line; NULL where it does
 * mean something
 * @implied: the only text that it can have beside the others, or %NULL where it is free. (transfer full)
 * @is_set: whether it is not as usual, where the text does not tell; or %NULL
 * @equal: of names whose texts do not tell; or %NULL
 * @remember: what settings remember in place of the text, %NULL for nothing new: where the value belongs to
 * one prompt. (transfer full)
 * @check: whether it makes sense, by itself and beside the others; EG_ERROR_INVALID. Or %NULL
 */
typedef struct
{
  const char *name, *json, *setting;
  EgFieldType type;
  gsize offset;
  const char *usual;
  double min, max;
  EgFieldPart part;
  EgFieldWhen in_npz, in_json;
  gboolean in_first_files, ignored;
  const char *option;
  char letter;
  const char *metavar, *help;
  gsize owned[2];
  gboolean owned_list;
  char *(*format) (const EgTraceRequest *request);
  gboolean (*parse) (EgTraceRequest *request, const char *text, GError **error);
  char *(*format_in_file) (const EgTraceRequest *request);
  gboolean (*parse_in_file) (EgTraceRequest *request, const char *text, GError **error);
  const char *(*word) (guint i);
  const char *(*useless) (const EgTraceRequest *request);
  char *(*implied) (const EgTraceRequest *request);
  gboolean (*is_set) (const EgTraceRequest *request);
  gboolean (*equal) (const EgTraceRequest *a, const EgTraceRequest *b);
  char *(*remember) (const EgTraceRequest *request);
  gboolean (*check) (const EgTraceRequest *request, GError **error);
} EgFieldInfo;

/* Never NULL for a field. */
const EgFieldInfo *eg_trace_field_get_info (EgTraceField field);

/* Those that are options, in the order of the help; ended by EG_N_FIELDS. */
const EgTraceField *eg_trace_field_list_options (void);

/* FALSE when there is no such option. */
gboolean eg_trace_field_from_option (const char *option, EgTraceField *field);

/* The value as the command line has it; NULL where there is none. (transfer full) */
char *eg_trace_field_format (EgTraceField field, const EgTraceRequest *request);

/* Takes over what a text says. EG_ERROR_INVALID, which names the option. */
gboolean eg_trace_field_parse (EgTraceField field, EgTraceRequest *request, const char *text, GError **error);

/* Of flags, counts and numbers. */
double eg_trace_field_get_number (EgTraceField field, const EgTraceRequest *request);
void eg_trace_field_set_number (EgTraceField field, EgTraceRequest *request, double value);

/* The text that a file has of a text or a name; NULL where there is none. (transfer full) */
char *eg_trace_field_format_in_file (EgTraceField field, const EgTraceRequest *request);
gboolean
eg_trace_field_parse_in_file (EgTraceField field, EgTraceRequest *request, const char *text, GError **error);

/* Whether the value is the usual one. */
gboolean eg_trace_field_is_usual (EgTraceField field, const EgTraceRequest *request);

/* Whether a kind of file that has it then is to have it. */
gboolean eg_trace_field_is_written (EgTraceField field, const EgTraceRequest *request, EgFieldWhen when);

/* Why it means nothing beside the other fields; NULL where it does. (transfer none) */
const char *eg_trace_field_get_useless (EgTraceField field, const EgTraceRequest *request);

/* Whether both are the same where they mean something. */
gboolean eg_trace_field_equal (EgTraceField field, const EgTraceRequest *a, const EgTraceRequest *b);

/* The settings of numbers that are not the same in both, as the command line has self's: "window 3, noise 1",
 * NULL for none. Not the sites and the metric, which have names of their own. (transfer full) */
char *eg_trace_request_describe_difference (const EgTraceRequest *self, const EgTraceRequest *other);

/* Makes the usual value that of the request. */
void eg_trace_field_reset (EgTraceField field, EgTraceRequest *request);

/* The fields of one part alone, as eg_trace_request_check() checks all. */
gboolean eg_trace_request_check_part (const EgTraceRequest *self,
                                      EgFieldPart part,
                                      EgTraceField *which,
                                      GError **error);

G_END_DECLS
