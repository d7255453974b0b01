#include "cli/resource_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/manifest.h"
#include "base/yaml.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = 16 * 1024 * 1024;

base::Error Wrong(const std::string& path, const std::string& sentence) {
  return base::Fail(base::Code::kInvalidArgument, path + ": " + sentence);
}

base::Result<std::string> ReadText(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    std::error_code error;
    (void)fs::file_size(path, error);
    if (error) return Wrong(path, error.message());
    file.open(path, std::ios::binary);
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (path != "-" && !file.is_open())) return Wrong(path, "cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) return Wrong(path, "longer than 16 MiB");
  return text;
}

// `export -o json`: an object a line.
base::Result<std::vector<nlohmann::json>> ParseLines(std::string_view text) {
  std::vector<nlohmann::json> documents;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto document = base::ParseJson(line);
    if (!document) return document.error();
    documents.push_back(std::move(*document));
  }
  return documents;
}

bool IsJsonLines(std::string_view text) {
  const std::size_t end = text.find('\n');
  return text.starts_with('{') && end != std::string_view::npos &&
         nlohmann::json::accept(text.substr(0, end)) &&
         text.substr(end).find('{') != std::string_view::npos;
}

}  // namespace

base::Result<void> ResourceFiles::Read(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return ReadFile(path);
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    const auto extension = entry.path().extension();
    if (extension == ".yaml" || extension == ".yml" || extension == ".json")
      files.push_back(entry.path().string());
  }
  if (error) return Wrong(path, error.message());
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    if (auto read = ReadFile(file); !read) return read;
  }
  return {};
}

base::Result<void> ResourceFiles::ReadFile(const std::string& path) {
  auto text = ReadText(path);
  if (!text) return text.error();
  auto documents = IsJsonLines(*text) ? ParseLines(*text) : base::ParseYamlDocuments(*text);
  if (!documents) return documents.error().WithContext(path);
  files_.push_back({path == "-" ? "stdin" : path, std::move(*text)});
  for (std::size_t i = 0; i < documents->size(); ++i) {
    const Origin origin{files_.size() - 1, i};
    portolan::v1::Resource resource;
    if (auto read = base::ReadJson((*documents)[i], resource); !read)
      return At(origin, read.error());
    resources_.push_back(std::move(resource));
    origins_.push_back(origin);
  }
  return {};
}

base::Error ResourceFiles::At(std::size_t resource, const base::Error& error) const {
  return resource < origins_.size() ? At(origins_[resource], error) : error;
}

base::Error ResourceFiles::At(const Origin& origin, const base::Error& error) const {
  const File& file = files_[origin.file];
  const std::size_t colon = error.message.find(": ");
  const std::string_view pointer =
      error.message.starts_with('/') ? std::string_view(error.message).substr(0, colon) : "";
  const std::size_t line = IsJsonLines(file.text)
                               ? origin.document + 1
                               : base::LineOf(file.text, origin.document, pointer);
  return error.WithContext(line == 0 ? file.path : file.path + ":" + std::to_string(line));
}

}  // namespace cli
