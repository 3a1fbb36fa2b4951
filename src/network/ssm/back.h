/* What passes backward through a convolution and a state share. */
#pragma once

#include "network/back.h"

G_BEGIN_DECLS

/* Segments of a convolution of width n_inner and length n_conv, one a lane, over the first n_inner floats of
 * its input rows. history: [lanes, n_conv − 1, n_inner], filled with what is read before each lane's first
 * row. (transfer full): [lanes] */
EgConvRows *eg_ssm_conv_rows (
    EgWorkspace *workspace, const EgLayerBack *back, float *history, gsize n_inner, gsize n_conv);

/* The same as lanes of a scan, each with the state before its first row. (transfer full): [lanes] */
EgScanLane *eg_ssm_scan_lanes (const EgLayerBack *back);

/* As segments of a scan forward, whose y goes where the lane's rows are. (transfer full): [lanes] */
EgScanRows *eg_ssm_scan_rows (const EgLayerBack *back);

G_END_DECLS
