#include "exiv2_bridge.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exiv2/exiv2.hpp>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>

namespace {

/// Adobe's XMP toolkit, which libexiv2 contains, is not made for several threads: one picture at a time.
std::mutex turn;

void start() {
  static std::once_flag once;
  std::call_once(once, [] {
    Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute);
    Exiv2::XmpParser::initialize();
  });
}

/// At most so many bytes of UTF-8, cut between two characters: IPTC's fields have lengths (IIM 4.2, record 2).
std::string cut(const std::string &text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

/// Removes every dataset of a key; libexiv2 finds them one at a time.
void remove(Exiv2::IptcData &iptc, const char *name) {
  const Exiv2::IptcKey key(name);
  for (auto found = iptc.findKey(key); found != iptc.end(); found = iptc.findKey(key)) iptc.erase(found);
}

void set(Exiv2::IptcData &iptc, const char *name, const std::string &text, size_t limit) {
  remove(iptc, name);
  iptc[name] = cut(text, limit);
}

void removeXMP(Exiv2::XmpData &xmp, const char *name) {
  auto found = xmp.findKey(Exiv2::XmpKey(name));
  if (found != xmp.end()) xmp.erase(found);
}

void setList(
    Exiv2::XmpData &xmp, const char *name, Exiv2::TypeId type, const std::vector<std::string> &texts) {
  removeXMP(xmp, name);
  auto value = Exiv2::Value::create(type);
  for (const auto &text : texts) value->read(text);
  xmp.add(Exiv2::XmpKey(name), value.get());
}

void setText(Exiv2::XmpData &xmp, const char *name, const std::string &text) {
  removeXMP(xmp, name);
  Exiv2::LangAltValue value;
  // Read from "lang=… text": without a language the text itself could be taken for one.
  value.read("lang=x-default " + text);
  xmp.add(Exiv2::XmpKey(name), &value);
}

/// The keywords that are there, and after them those that are not.
std::vector<std::string> joined(std::vector<std::string> there, const exiv2_bridge_words &words) {
  for (size_t index = 0; index < words.keyword_count; ++index) {
    const std::string keyword(words.keywords[index]);
    if (std::find(there.begin(), there.end(), keyword) == there.end()) there.push_back(keyword);
  }
  return there;
}

void writeEXIF(Exiv2::ExifData &exif, const exiv2_bridge_words &words) {
  // ASCII by the specification; UTF-8 in it is what everybody writes (Metadata Working Group, 2.0, section 3).
  if (words.creator) exif["Exif.Image.Artist"] = std::string(words.creator);
  if (words.copyright) exif["Exif.Image.Copyright"] = std::string(words.copyright);
  if (words.caption) exif["Exif.Image.ImageDescription"] = std::string(words.caption);
}

void writeIPTC(Exiv2::IptcData &iptc, const exiv2_bridge_words &words) {
  if (!iptc.empty()) {
    // Texts of another coding stay as they are and unmixed: EXIF and XMP say the same.
    const char *coding = iptc.detectCharset();
    if (!coding || (std::strcmp(coding, "UTF-8") != 0 && std::strcmp(coding, "ASCII") != 0)) return;
  }
  iptc["Iptc.Envelope.CharacterSet"] = std::string("\x1b%G");
  if (words.creator) set(iptc, "Iptc.Application2.Byline", words.creator, 32);
  if (words.copyright) set(iptc, "Iptc.Application2.Copyright", words.copyright, 128);
  if (words.caption) set(iptc, "Iptc.Application2.Caption", words.caption, 2000);
  if (words.keyword_count == 0) return;
  const char *name = "Iptc.Application2.Keywords";
  std::vector<std::string> there;
  for (const auto &datum : iptc) {
    if (datum.key() == name) there.push_back(datum.toString());
  }
  remove(iptc, name);
  for (const auto &keyword : joined(there, words)) {
    auto value = Exiv2::Value::create(Exiv2::string);
    value->read(cut(keyword, 64));
    iptc.add(Exiv2::IptcKey(name), value.get());
  }
}

void writeXMP(Exiv2::XmpData &xmp, const exiv2_bridge_words &words) {
  if (words.creator) setList(xmp, "Xmp.dc.creator", Exiv2::xmpSeq, {words.creator});
  if (words.copyright) setText(xmp, "Xmp.dc.rights", words.copyright);
  if (words.caption) setText(xmp, "Xmp.dc.description", words.caption);
  if (words.keyword_count == 0) return;
  std::vector<std::string> there;
  auto found = xmp.findKey(Exiv2::XmpKey("Xmp.dc.subject"));
  if (found != xmp.end()) {
    for (long index = 0; index < static_cast<long>(found->count()); ++index) {
      there.push_back(found->toString(index));
    }
  }
  setList(xmp, "Xmp.dc.subject", Exiv2::xmpBag, joined(there, words));
}

}  // namespace

int exiv2_bridge_write(
    const uint8_t *jpeg, size_t length, const exiv2_bridge_words *words, uint8_t **written,
    size_t *written_length, char *failure, size_t failure_length) {
  try {
    const std::lock_guard<std::mutex> lock(turn);
    start();
    auto image = Exiv2::ImageFactory::open(jpeg, length);
    image->readMetadata();
    writeEXIF(image->exifData(), *words);
    writeIPTC(image->iptcData(), *words);
    writeXMP(image->xmpData(), *words);
    image->writeMetadata();
    auto &io = image->io();
    const size_t size = io.size();
    auto *bytes = static_cast<uint8_t *>(std::malloc(size));
    if (!bytes) throw std::runtime_error("no memory");
    if (io.open() != 0 || static_cast<size_t>(io.read(bytes, size)) != size) {
      std::free(bytes);
      throw std::runtime_error("the picture cannot be read back");
    }
    *written = bytes;
    *written_length = size;
    return 0;
  } catch (const std::exception &error) {
    std::snprintf(failure, failure_length, "%s", error.what());
  } catch (...) {
    std::snprintf(failure, failure_length, "an unknown fault");
  }
  return -1;
}
