#define _GNU_SOURCE
#include "CGNU.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

int gnu_accept(int listener) { return accept4(listener, 0, 0, SOCK_CLOEXEC); }

int gnu_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int gnu_start_writing(int file, long long offset, long long count) {
  return sync_file_range(file, offset, count, SYNC_FILE_RANGE_WRITE);
}

int gnu_close_from(void *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
