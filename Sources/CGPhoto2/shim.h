#pragma once
#include <gphoto2/gphoto2.h>
#include <malloc.h>
#include <sys/prctl.h>

/// prctl(2) is variadic, which Swift cannot call. The signal comes when the *thread* that started this process ends.
static inline int pixcheese_signal_at_parent_death(int signal) {
  return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}
