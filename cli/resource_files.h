// Files of resources, as people keep them: YAML or JSON, one or many documents, folders of them.
//
// Each resource remembers where it came from, so that an error names file and line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "portolan/v1/resource.pb.h"

namespace cli {

class ResourceFiles {
 public:
  // A file, a folder (its .yaml, .yml and .json files, by name), or `-` for stdin. A file holds at
  // most 16 MiB.
  base::Result<void> Read(const std::string& path);

  const std::vector<portolan::v1::Resource>& resources() const { return resources_; }

  // An error about the resource of that number, whose message begins with a JSON pointer: with
  // `conf/a.yaml:12: ` before it.
  base::Error At(std::size_t resource, const base::Error& error) const;

 private:
  struct File {
    std::string path;
    std::string text;
  };
  struct Origin {
    std::size_t file = 0;
    std::size_t document = 0;
  };

  base::Result<void> ReadFile(const std::string& path);
  base::Error At(const Origin& origin, const base::Error& error) const;

  std::vector<File> files_;
  std::vector<Origin> origins_;
  std::vector<portolan::v1::Resource> resources_;
};

}  // namespace cli
