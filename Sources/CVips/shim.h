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

// Watermarks.

static inline int cvips_text(const char *text, const char *font, int dpi, VipsImage **out) {
  return vips_text(out, text, "font", font, "dpi", dpi, NULL);
}

/// A border of black on all sides.
static inline int cvips_embed(VipsImage *in, int edge, VipsImage **out) {
  return vips_embed(
      in, out, edge, edge, vips_image_get_width(in) + 2 * edge, vips_image_get_height(in) + 2 * edge, NULL);
}

static inline int cvips_gaussblur(VipsImage *in, double sigma, VipsImage **out) {
  return vips_gaussblur(in, out, sigma, NULL);
}

static inline int cvips_extract_area(VipsImage *in, int x, int y, int width, int height, VipsImage **out) {
  return vips_extract_area(in, out, x, y, width, height, NULL);
}

static inline int cvips_insert(VipsImage *in, VipsImage *part, int x, int y, VipsImage **out) {
  return vips_insert(in, part, out, x, y, NULL);
}

static inline int cvips_composite_over(VipsImage *below, VipsImage *above, VipsImage **out) {
  return vips_composite2(
      below, above, out, VIPS_BLEND_MODE_OVER, "compositing_space", VIPS_INTERPRETATION_sRGB, NULL);
}

/// One grey level everywhere, in sRGB, with a mask of one band, times `opacity`, as its alpha.
static inline int cvips_coloured(VipsImage *mask, double level, double opacity, VipsImage **out) {
  VipsImage *alpha = NULL, *alpha8 = NULL, *grey = NULL, *grey8 = NULL, *joined = NULL;
  VipsImage *bands[4];
  int code = vips_linear1(mask, &alpha, opacity, 0.0, NULL) || vips_cast_uchar(alpha, &alpha8, NULL) ||
             vips_linear1(mask, &grey, 0.0, level, NULL) || vips_cast_uchar(grey, &grey8, NULL);
  if (!code) {
    bands[0] = bands[1] = bands[2] = grey8;
    bands[3] = alpha8;
    code = vips_bandjoin(bands, &joined, 4, NULL) ||
           vips_copy(joined, out, "interpretation", VIPS_INTERPRETATION_sRGB, NULL);
  }
  VIPS_UNREF(alpha);
  VIPS_UNREF(alpha8);
  VIPS_UNREF(grey);
  VIPS_UNREF(grey8);
  VIPS_UNREF(joined);
  return code ? -1 : 0;
}

/// A file's picture in 8-bit sRGB, made to fit, with its alpha (or one that hides nothing) times `opacity`. The file is
/// the user's own: libvips may choose the loader.
static inline int cvips_thumbnail_with_alpha(
    const char *path, int width, int height, double opacity, VipsImage **out) {
  VipsImage *small = NULL, *colour = NULL, *full = NULL, *rgb = NULL, *own = NULL, *alpha = NULL;
  VipsImage *alpha8 = NULL;
  int code = vips_thumbnail(path, &small, width, "height", height, NULL) ||
             vips_colourspace(small, &colour, VIPS_INTERPRETATION_sRGB, NULL);
  if (!code && !vips_image_hasalpha(colour)) {
    code = vips_bandjoin_const1(colour, &full, 255.0, NULL);
  } else if (!code) {
    full = colour;
    g_object_ref(full);
  }
  code = code || vips_extract_band(full, &rgb, 0, "n", 3, NULL) ||
         vips_extract_band(full, &own, 3, NULL) || vips_linear1(own, &alpha, opacity, 0.0, NULL) ||
         vips_cast_uchar(alpha, &alpha8, NULL) || vips_bandjoin2(rgb, alpha8, out, NULL);
  VIPS_UNREF(small);
  VIPS_UNREF(colour);
  VIPS_UNREF(full);
  VIPS_UNREF(rgb);
  VIPS_UNREF(own);
  VIPS_UNREF(alpha);
  VIPS_UNREF(alpha8);
  return code ? -1 : 0;
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
