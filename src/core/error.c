#include "core/error.h"

G_DEFINE_QUARK (eg - error - quark, eg_error)
