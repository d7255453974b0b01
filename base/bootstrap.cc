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
#include "base/unserved.h"
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

// The message that holds `field`, and there the field: `tls.cert_file` is one of a part. Made only
// when it is set.
struct Place {
  Place(Message& whole, std::string_view path) : whole_(whole) {
    const std::size_t dot = path.find('.');
    const auto* type = whole.GetDescriptor();
    if (dot != std::string_view::npos) {
      part_ = type->FindFieldByName(std::string(path.substr(0, dot)));
      type = part_->message_type();
      path.remove_prefix(dot + 1);
    }
    field = type->FindFieldByName(std::string(path));
  }
  Message& message() const {
    return part_ ? *whole_.GetReflection()->MutableMessage(&whole_, part_) : whole_;
  }
  const google::protobuf::Reflection& set() const { return *message().GetReflection(); }

  const FieldDescriptor* field;

 private:
  Message& whole_;
  const FieldDescriptor* part_ = nullptr;
};

void AddFlag(CLI::App& app, Message& message, const BootstrapFlag& flag) {
  const Place place(message, flag.field);
  const std::string name = flag.flag ? flag.flag : FlagOf(flag.field);
  switch (place.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      app.add_flag_callback(
          name, [place] { place.set().SetBool(&place.message(), place.field, true); }, flag.help);
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      app.add_option_function<std::int32_t>(
          name,
          [place](std::int32_t value) {
            place.set().SetInt32(&place.message(), place.field, value);
          },
          flag.help);
      return;
    default:
      app.add_option_function<std::string>(
          name,
          [place](const std::string& value) {
            place.set().SetString(&place.message(), place.field, value);
          },
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
  if (auto served = CheckServed(message, ""); !served) return served.error();
  options.endpoints_file = endpoints_file;
  return options;
}

Result<std::string> ReadLogLevel(const std::string& text) {
  if (text.empty()) return std::string("info");
  for (const char* level : {"debug", "info", "warn", "error"}) {
    if (text == level) return text;
  }
  return Fail(Code::kInvalidArgument,
              "--log-level: '" + text.substr(0, 80) + "' is none of debug, info, warn, error");
}

Result<http::ServerTls> ReadServerTls(const std::string& certificate, const std::string& key,
                                      const std::string& client_ca) {
  if (certificate.empty() != key.empty()) {
    return Fail(Code::kInvalidArgument,
                certificate.empty() ? "--tls-key needs --tls-cert" : "--tls-cert needs --tls-key");
  }
  if (certificate.empty() && !client_ca.empty())
    return Fail(Code::kInvalidArgument, "--tls-client-ca needs --tls-cert and --tls-key");
  return http::ServerTls{certificate, key, client_ca};
}

Result<http::ListenAddress> ReadListenAddress(const std::string& text, const char* fallback,
                                              const char* flag, bool guarded) {
  auto address = http::ListenAddress::Parse(text.empty() ? fallback : text);
  if (!address) return address.error().WithContext(flag);
  if (auto ok = CheckListen(*address, flag, guarded); !ok) return ok.error();
  return address;
}

}  // namespace base
