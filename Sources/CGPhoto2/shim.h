#pragma once
#include <gphoto2/gphoto2.h>
#include <gphoto2/gphoto2-setting.h>
#include <malloc.h>
#include <sys/prctl.h>

/// prctl(2) is variadic, which Swift cannot call. The signal comes when the *thread* that started this process ends.
static inline int pixcheese_signal_at_parent_death(int signal) {
  return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

/// gp_setting_set takes its words as `char *`, and changes none. Nothing that it answers is of use: without a file to write to it
/// has still taken note.
static inline void pixcheese_set_setting(const char *driver, const char *key, const char *value) {
  gp_setting_set((char *)driver, (char *)key, (char *)value);
}
