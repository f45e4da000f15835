#pragma once
// What pixcheese asks of libexiv2, as C. Everything that is thrown in C++ ends here.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Words about a picture, UTF-8 and without NUL; a null pointer leaves what is there.
typedef struct {
  const char *creator;
  const char *copyright;
  const char *caption;
  /// As many as `keyword_count`; they are added to those that are there.
  const char *const *keywords;
  size_t keyword_count;
} exiv2_bridge_words;

/// Writes words into a JPEG as EXIF, IPTC and XMP, without decoding it.
/// - Parameters:
///   - written: the JPEG with them in it, to be given to `free`.
///   - failure: why not, as text with an end.
/// - Returns: 0, or -1 for a failure.
int exiv2_bridge_write(
    const uint8_t *jpeg, size_t length, const exiv2_bridge_words *words, uint8_t **written,
    size_t *written_length, char *failure, size_t failure_length);

#ifdef __cplusplus
}
#endif
