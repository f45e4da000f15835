#pragma once

// What glibc declares for _GNU_SOURCE only, which Swift's Glibc module is built without. Most do in one step what a
// second thread could get in between of if it were done in two.
//
// No header of the system is included here: a type that came through this module first would be hidden from files that
// import Glibc alone.

/// The next connection, whose descriptor no program that is started inherits; -1 with errno if there is none.
int gnu_accept(int listener);

/// A pipe whose ends no program that is started inherits; -1 with errno if there is none.
int gnu_pipe(int ends[2]);

/// Has a part of a file written to the disk without waiting for it, where the file system can; -1 with errno if not.
int gnu_start_writing(int file, long long offset, long long count);

/// Closes all descriptors from a number on in a program that is started; an error's number, or 0.
/// @param actions a `posix_spawn_file_actions_t *`
int gnu_close_from(void *actions, int first);
