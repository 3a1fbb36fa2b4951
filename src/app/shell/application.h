/* The program: one instance, its command line, its actions and windows. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define EG_APPLICATION_ID "io.github.engram_app.Engram"

#define EG_TYPE_APPLICATION (eg_application_get_type ())
G_DECLARE_FINAL_TYPE (EgApplication, eg_application, EG, APPLICATION, AdwApplication)

EgApplication *eg_application_new (void);

G_END_DECLS
