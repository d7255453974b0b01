#include "base/bootstrap.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/daemon.h"
#include "base/manifest.h"
#include "base/version.h"

namespace base {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Result<void> ReadConfig(const std::string& path, Message& message) {
  std::ifstream file(path);
  if (!file) return Fail(Code::kNotFound, "--config " + path + ": cannot be read");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto tree = ParseYamlOrJson(text);
  if (!tree) return tree.error().WithContext("--config " + path);
  if (auto read = ReadJson(*tree, message); !read)
    return read.error().WithContext("--config " + path);
  return {};
}

std::string FlagOf(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return "--" + field;
}

void AddFlag(CLI::App& app, Message& message, const BootstrapFlag& flag) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(flag.field);
  const google::protobuf::Reflection* set = message.GetReflection();
  const std::string name = FlagOf(flag.field);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      app.add_flag_callback(
          name, [=, &message] { set->SetBool(&message, field, true); }, flag.help);
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      app.add_option_function<std::int32_t>(
          name, [=, &message](std::int32_t value) { set->SetInt32(&message, field, value); },
          flag.help);
      return;
    default:
      app.add_option_function<std::string>(
          name, [=, &message](const std::string& value) { set->SetString(&message, field, value); },
          flag.help);
  }
}

}  // namespace

Result<DaemonOptions> ReadBootstrap(int argc, char** argv, const std::string& title,
                                    std::initializer_list<BootstrapFlag> flags, Message& message) {
  DaemonOptions options;
  std::string config, endpoints_file;
  const std::unique_ptr<Message> told(message.New());

  CLI::App app(title);
  app.set_version_flag("--version", title.substr(0, title.find(':')) + " " + Version());
  for (const BootstrapFlag& flag : flags) AddFlag(app, *told, flag);
  app.add_option("--config", config,
                 "YAML or JSON of " + message.GetDescriptor()->full_name() + "; flags win over it");
  app.add_option("--endpoints-file", endpoints_file,
                 "Where to write the addresses that were bound");
  app.add_option("--log-level", options.log_level, "debug, info, warn or error");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;
    if (asked) app.exit(error, std::cout, std::cerr);
    return Fail(asked ? Code::kCancelled : Code::kInvalidArgument, error.what());
  }
  if (!config.empty()) {
    if (auto read = ReadConfig(config, message); !read) return read.error();
  }
  message.MergeFrom(*told);
  options.endpoints_file = endpoints_file;
  return options;
}

Result<http::ListenAddress> ReadListenAddress(const std::string& text, const char* fallback,
                                              const char* flag, bool insecure_listen) {
  auto address = http::ListenAddress::Parse(text.empty() ? fallback : text);
  if (!address) return address.error().WithContext(flag);
  if (auto ok = CheckListen(*address, flag, insecure_listen); !ok) return ok.error();
  return address;
}

}  // namespace base
