#pragma once
// libvips' operations are variadic and end in NULL, which Swift cannot call. Each shim fixes the options that
// pixcheese uses, and nothing more.
#include <vips/vips.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

// Loaders: one for each format that a picture may have. The caller has looked at the content; libvips's own
// choice of a loader is never asked for.

static inline int cvips_jpegload(VipsSource *source, int shrink, VipsFailOn fail_on, VipsImage **out) {
  return vips_jpegload_source(
      source, out, "shrink", shrink, "fail_on", fail_on, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
}

static inline int cvips_pngload(VipsSource *source, VipsFailOn fail_on, VipsImage **out) {
  return vips_pngload_source(source, out, "fail_on", fail_on, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
}

static inline int cvips_webpload(VipsSource *source, VipsFailOn fail_on, VipsImage **out) {
  return vips_webpload_source(source, out, "fail_on", fail_on, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
}

static inline int cvips_gifload(VipsSource *source, VipsFailOn fail_on, VipsImage **out) {
  return vips_gifload_source(source, out, "fail_on", fail_on, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
}

static inline int cvips_tiffload(VipsSource *source, VipsFailOn fail_on, VipsImage **out) {
  return vips_tiffload_source(source, out, "fail_on", fail_on, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
}

static inline int cvips_heifload(VipsSource *source, VipsFailOn fail_on, VipsImage **out) {
  return vips_heifload_source(source, out, "fail_on", fail_on, "access", VIPS_ACCESS_SEQUENTIAL, NULL);
}

static inline int cvips_svgload(const void *bytes, size_t length, double scale, VipsImage **out) {
  return vips_svgload_buffer((void *)bytes, length, out, "scale", scale, NULL);
}

// Operations.

static inline int cvips_resize(VipsImage *in, double horizontal, double vertical, VipsImage **out) {
  return vips_resize(in, out, horizontal, "vscale", vertical, NULL);
}

/// Lays a picture with alpha on a background of one level in every band.
static inline int cvips_flatten(VipsImage *in, double level, VipsImage **out) {
  VipsArrayDouble *background = vips_array_double_newv(1, level);
  int code = vips_flatten(in, out, "background", background, NULL);
  vips_area_unref(VIPS_AREA(background));
  return code;
}

/// From the embedded profile to 8-bit sRGB; `fallback` ("srgb", "cmyk") stands in for a profile that is
/// missing or does not fit.
static inline int cvips_icc_to_srgb(VipsImage *in, const char *fallback, VipsImage **out) {
  return vips_icc_transform(
      in, out, "srgb", "embedded", TRUE, "input_profile", fallback, "intent",
      VIPS_INTENT_RELATIVE, "depth", 8, NULL);
}

static inline int cvips_colourspace_srgb(VipsImage *in, VipsImage **out) {
  return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, NULL);
}

static inline int cvips_extract_bands(VipsImage *in, int first, int count, VipsImage **out) {
  return vips_extract_band(in, out, first, "n", count, NULL);
}

static inline int cvips_cast_uchar(VipsImage *in, VipsImage **out) { return vips_cast_uchar(in, out, NULL); }

static inline int cvips_autorot(VipsImage *in, VipsImage **out) { return vips_autorot(in, out, NULL); }

static inline int cvips_add(VipsImage *left, VipsImage *right, VipsImage **out) {
  return vips_add(left, right, out, NULL);
}

static inline int cvips_gaussnoise(int width, int height, double sigma, VipsImage **out) {
  return vips_gaussnoise(out, width, height, "mean", 0.0, "sigma", sigma, NULL);
}

static inline int cvips_copy_memory(VipsImage *in, VipsImage **out) {
  *out = vips_image_copy_memory(in);
  return *out == NULL ? -1 : 0;
}

/// A copy of 8-bit RGB pixels without padding.
static inline int cvips_from_rgb(const void *pixels, size_t length, int width, int height, VipsImage **out) {
  *out = vips_image_new_from_memory_copy(pixels, length, width, height, 3, VIPS_FORMAT_UCHAR);
  return *out == NULL ? -1 : 0;
}

// Encoder.

static inline int cvips_jpegsave(
    VipsImage *in, int quality, gboolean strip, gboolean optimised, void **bytes, size_t *length) {
  return vips_jpegsave_buffer(
      in, bytes, length, "Q", quality, "strip", strip, "optimize_coding", optimised, "subsample_mode",
      VIPS_FOREIGN_SUBSAMPLE_ON, NULL);
}

/// Keeps libvips's warnings off standard error: what matters of them comes back as an error's text.
static inline void cvips_silence_log(
    const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {
  (void)domain;
  (void)level;
  (void)message;
  (void)data;
}

static inline void cvips_silence(void) {
  g_log_set_handler("VIPS", G_LOG_LEVEL_MASK & ~(G_LOG_LEVEL_ERROR), cvips_silence_log, NULL);
}

/// Makes glibc give pixels back to the system when they are freed. Without it each of libvips's many short
/// threads gets an arena of its own, which keeps what was once in it: 144 renderings of up to 45 megapixels
/// grew the process to 574 MB with nothing leaked; with it they stay at 100 MB.
static inline void cvips_give_memory_back(void) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
#endif
}
