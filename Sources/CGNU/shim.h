#pragma once
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>

// What glibc declares for _GNU_SOURCE only, which Swift's Glibc module is built without. Each does in one step what a
// second thread could get in between of if it were done in two.
extern int accept4(int, struct sockaddr *__restrict, socklen_t *__restrict, int);
extern int pipe2(int[2], int);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);

// The next connection, whose descriptor no program that is started inherits; -1 with errno if there is none.
static inline int gnu_accept(int listener) { return accept4(listener, 0, 0, SOCK_CLOEXEC); }

// A pipe whose ends no program that is started inherits; -1 with errno if there is none.
static inline int gnu_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

// Closes all descriptors from a number on in a program that is started.
static inline int gnu_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
