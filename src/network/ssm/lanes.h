/* What layers with a convolution and a state share: what both read before the rows that a group computes, or
 * in place of them. */
#pragma once

#include "network/layer.h"

G_BEGIN_DECLS

/**
 * EgSsmLanes: a part of a family's part of a workspace.
 * @scan: EgScanRows of the group's segments; @pieces: EgConvRows, more of them where what the convolution
 * reads is put; @again: EgScanRows of rows whose y the scan makes a second time, from another state
 * @history: [pieces, K−1, D]
 * @spans, @span_conv, @span_scan: states that are computed again, and the rows that this takes; @span_x: the
 * inputs of those rows; @span_history: what conv reads before them; @span_state: those states
 * @zero: one row of zeros, as wide as any that is asked for
 */
typedef struct
{
  GArray *scan, *pieces, *again;
  GArray *spans, *span_conv, *span_scan;
  EgBuffer history, zero, span_x, span_history, span_state;
} EgSsmLanes;

/**
 * EgSsmSpans: rows that are run again for their state alone.
 * @x: [n_rows, n_span] of the input rows, what the convolution reads at their beginning; @conv, @scan: [n]
 * the segments of these rows
 */
typedef struct
{
  const float *x;
  gsize n_rows, n;
  const EgConvRows *conv;
  const EgScanRows *scan;
} EgSsmSpans;

/**
 * EgSsm: how a family's layers have them.
 * @state_site, @conv_state_site: their sites
 * @n_inner, @n_conv: the convolution's width D, the first D numbers of an input row, and its length K
 * @n_span: how many numbers of an input row, the first ones, @run_again reads
 * @n_state: the width of a row that puts something into the state: 0 in its place puts nothing
 * @d_head: the width of what one head puts there of an input row; 0: there are no heads
 * @run_again: conv, selection and scan of the layer that is being run, over spans; before the scan,
 * eg_ssm_cut_inputs() is to be called
 */
typedef struct
{
  EgSite state_site, conv_state_site;
  gsize n_inner, n_conv, n_span, n_state, d_head;
  gboolean (*run_again) (EgWorkspace *workspace, const EgSsmSpans *spans, GError **error);
} EgSsm;

void eg_ssm_lanes_init (EgSsmLanes *self);
void eg_ssm_lanes_clear (EgSsmLanes *self);

/* What conv and scan read before each segment's first row, and what is put into the state: in scan, pieces
 * and again. Where y goes is left to eg_ssm_plan_outputs(). */
gboolean eg_ssm_load (
    EgWorkspace *workspace, EgSsmLanes *self, const EgSsm *ssm, const EgLayerRun *run, GError **error);

/* Where every row's y goes, or with only_last each segment's last one's, and whether states are kept; the
 * same for those that are made again. */
void eg_ssm_plan_outputs (EgSsmLanes *self, const EgLayerRun *run);

/* Of spans: what a knockout leaves out puts nothing into the state. b_rows: what all heads put there has as a
 * factor; x_rows: what each head has, NULL without heads; both with leading dimension ld. */
void eg_ssm_cut_inputs (
    EgWorkspace *workspace, EgSsmLanes *self, const EgSsm *ssm, float *b_rows, float *x_rows, gsize ld);

G_END_DECLS
