#include "cli/verbs.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace cli {

Verb& Verb::Word(const std::string& name, std::string& value, const std::string& type,
                 const std::string& what, Need need) {
  return Option(name, value, type, what, need);
}

Verb& Verb::Words(const std::string& name, std::vector<std::string>& values,
                  const std::string& type, const std::string& what, Need need) {
  return Options(name, values, type, what, need);
}

Verb& Verb::Option(const std::string& names, std::string& value, const std::string& type,
                   const std::string& what, Need need) {
  CLI::Option* option =
      app_->add_option(names, value, what)->type_name(type)->required(need == Need::kRequired);
  if (!value.empty()) option->capture_default_str();
  return *this;
}

Verb& Verb::Options(const std::string& names, std::vector<std::string>& values,
                    const std::string& type, const std::string& what, Need need) {
  CLI::Option* option =
      app_->add_option(names, values, what)->type_name(type)->required(need == Need::kRequired);
  // One value each time it is typed, so that it does not swallow the words behind it.
  if (names.starts_with('-')) option->allow_extra_args(false);
  return *this;
}

Verb& Verb::Number(const std::string& names, int& value, int least, int most,
                   const std::string& what) {
  app_->add_option(names, value, what)
      ->type_name("N")
      ->check(CLI::Range(least, most).description(""))
      ->capture_default_str();
  return *this;
}

Verb& Verb::Choice(const std::string& name, std::string& value,
                   const std::vector<std::string>& choices, const std::string& what, Need need) {
  std::string type;
  for (const std::string& choice : choices) type += (type.empty() ? "" : "|") + choice;
  CLI::Option* option = app_->add_option(name, value, what)
                            ->type_name(type)
                            ->required(need == Need::kRequired)
                            ->transform(CLI::IsMember(choices, CLI::ignore_case).description(""));
  if (!value.empty()) option->capture_default_str();
  return *this;
}

Verb& Verb::Flag(const std::string& names, bool& value, const std::string& what) {
  app_->add_flag(names, value, what);
  return *this;
}

Verb& Verb::Flag(const std::string& names, bool& value, bool& given, const std::string& what) {
  CLI::Option* flag = app_->add_flag(names, value, what);
  app_->callback([flag, &given] { given = flag->count() > 0; });
  return *this;
}

Verb& Verb::Hidden() {
  app_->group("");
  return *this;
}

Verb Verbs::Add(const std::string& name, const std::string& what, const std::string& example,
                Run run) {
  return AddTo(&app_, name, what, example, std::move(run));
}

CLI::App* Verbs::AddFamily(const std::string& name, const std::string& what) {
  CLI::App* family = app_.add_subcommand(name, what);
  family->fallthrough();
  family->require_subcommand(1);
  return family;
}

Verb Verbs::AddTo(CLI::App* family, const std::string& name, const std::string& what,
                  const std::string& example, Run run) {
  CLI::App* verb = family->add_subcommand(name, what);
  verb->fallthrough();
  verb->footer("Example:\n  " + example);
  runs_.emplace(verb, std::move(run));
  return Verb(verb);
}

const Verbs::Run* Verbs::chosen() const {
  const CLI::App* verb = &app_;
  while (true) {
    auto inner = verb->get_subcommands();
    if (inner.empty()) break;
    verb = inner.front();
  }
  auto found = runs_.find(verb);
  return found == runs_.end() ? nullptr : &found->second;
}

}  // namespace cli
