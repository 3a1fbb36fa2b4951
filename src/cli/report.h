/* A trace's result for a person: its settings, the map or its numbers, and what matters most. */
#pragma once

#include "trace/result/result.h"

G_BEGIN_DECLS

typedef enum
{
  CLI_COLORS_NONE,
  CLI_COLORS_256,
  CLI_COLORS_TRUE,
} CliColors;

/* What standard output shows: no colours in a pipe, in a terminal that has none, or with $NO_COLOR. */
CliColors cli_report_get_colors (void);

/* Prints the report on standard output: with colours the heatmap of half blocks, otherwise a table of
 * numbers. */
void cli_report_print (const EgTraceResult *result, CliColors colors);

/* Of heatmap.c: layers down, two a line, tokens across, in at most `width` columns. */
void cli_heatmap_print (const EgTraceGrid *grid, CliColors colors, gsize width);

/* A token for a column's head: on one line, and its columns in a terminal. (transfer full) */
char *cli_token_label (const char *token, gsize *width);

G_END_DECLS
