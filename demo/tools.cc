#include "demo/tools.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace demo {
namespace {

using mcp::ServedCall;
using mcp::ToolResult;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kReadOnly = R"({"readOnlyHint":true,"openWorldHint":false})";

// Awaiting nothing, most tools are plain functions in the clothes of a coroutine.
template <class Function>
auto Plain(Function function) {
  return [function](ServedCall& call) -> base::Task<base::Result<ToolResult>> {
    co_return function(call.arguments());
  };
}

ToolResult Echo(const json& arguments) {
  auto message = arguments.find("message");
  if (message == arguments.end() || !message->is_string())
    return ToolResult::Error("echo needs a message, a string.");
  return ToolResult::Text(message->get<std::string>());
}

ToolResult Add(const json& arguments) {
  auto a = arguments.find("a");
  auto b = arguments.find("b");
  if (a == arguments.end() || b == arguments.end() || !a->is_number() || !b->is_number()) {
    return ToolResult::Error("add needs two numbers, a and b.");
  }
  ordered_json sum;
  if (a->is_number_integer() && b->is_number_integer() && std::abs(a->get<double>()) < 1e15 &&
      std::abs(b->get<double>()) < 1e15) {
    sum = a->get<std::int64_t>() + b->get<std::int64_t>();
  } else {
    sum = a->get<double>() + b->get<double>();
  }
  ToolResult result = ToolResult::Structured(ordered_json{{"sum", sum}}.dump());
  result.text = sum.dump();
  return result;
}

struct Weather {
  const char* city;
  const char* sky;
  int celsius;
  int wind_kmh;
};
constexpr std::array<Weather, 8> kWeather = {{{"Lisbon", "sunny", 24, 14},
                                              {"Genoa", "partly cloudy", 21, 9},
                                              {"Venice", "fog", 12, 4},
                                              {"Palma", "sunny", 26, 11},
                                              {"Bergen", "rain", 8, 31},
                                              {"Alexandria", "clear", 29, 18},
                                              {"Rotterdam", "drizzle", 11, 27},
                                              {"Valparaiso", "haze", 17, 22}}};

ToolResult TellWeather(const json& arguments) {
  std::string city = arguments.contains("city") && arguments["city"].is_string()
                         ? arguments["city"].get<std::string>()
                         : "";
  auto same = [&](std::string_view name) {
    return std::equal(
        name.begin(), name.end(), city.begin(), city.end(),
        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
  };
  std::string known;
  for (const Weather& weather : kWeather) {
    if (same(weather.city)) {
      ToolResult result = ToolResult::Structured(ordered_json{
          {"city", weather.city},
          {"sky", weather.sky},
          {"celsius", weather.celsius},
          {"wind_kmh", weather.wind_kmh}}.dump());
      result.text = std::string(weather.city) + ": " + weather.sky + ", " +
                    std::to_string(weather.celsius) + " degrees, wind " +
                    std::to_string(weather.wind_kmh) + " km/h";
      return result;
    }
    known += (known.empty() ? "" : ", ") + std::string(weather.city);
  }
  return ToolResult::Error("There is no weather for '" + city + "'. Known: " + known + ".");
}

ToolResult Fail(const json& arguments) {
  auto message = arguments.find("message");
  return ToolResult::Error(message != arguments.end() && message->is_string()
                               ? message->get<std::string>()
                               : "This tool always fails.");
}

// A whole number within bounds, or what it is by default.
int Bounded(const json& arguments, const char* name, int otherwise, int most) {
  auto found = arguments.find(name);
  if (found == arguments.end() || !found->is_number()) return otherwise;
  return static_cast<int>(std::clamp(found->get<double>(), 0.0, static_cast<double>(most)));
}

base::Task<base::Result<ToolResult>> Slow(base::Loop& loop, ServedCall& call) {
  json arguments = call.arguments();
  const int steps = std::max(1, Bounded(arguments, "steps", 5, 1000));
  const int duration_ms = Bounded(arguments, "duration_ms", 1000, 600'000);
  for (int step = 1; step <= steps; ++step) {
    // The pauses add up to the duration, whatever the steps.
    int pause = duration_ms * step / steps - duration_ms * (step - 1) / steps;
    if (pause > 0 &&
        !co_await loop.timers.Sleep(std::chrono::milliseconds(pause), call.call().cancel)) {
      co_return base::Fail(base::Code::kCancelled, "cancelled");
    }
    std::string message = "step " + std::to_string(step);
    auto told = co_await call.Progress(step, steps, message);
    if (!told) co_return told.error();
  }
  co_return ToolResult::Text("done after " + std::to_string(steps) + " steps");
}

}  // namespace

std::vector<mcp::Tool> Tools(base::Loop& loop) {
  std::vector<mcp::Tool> tools;

  mcp::Tool& echo = tools.emplace_back();
  echo.name = "echo";
  echo.title = "Echo";
  echo.description = "Gives back the message it was given.";
  echo.input_schema =
      R"({"type":"object","properties":{"message":{"type":"string","description":"What to give back."}},"required":["message"]})";
  echo.annotations = kReadOnly;
  echo.run = Plain(Echo);

  mcp::Tool& add = tools.emplace_back();
  add.name = "add";
  add.title = "Add";
  add.description = "Adds two numbers and gives their sum.";
  add.input_schema =
      R"({"type":"object","properties":{"a":{"type":"number","description":"First number."},"b":{"type":"number","description":"Second number."}},"required":["a","b"]})";
  add.output_schema =
      R"({"type":"object","properties":{"sum":{"type":"number"}},"required":["sum"]})";
  add.annotations = kReadOnly;
  add.run = Plain(Add);

  mcp::Tool& weather = tools.emplace_back();
  weather.name = "weather";
  weather.title = "Weather";
  weather.description =
      "Tells the weather in a city: sky, temperature and wind, from a fixed table.";
  weather.input_schema =
      R"({"type":"object","properties":{"city":{"type":"string","description":"Name of the city, such as Lisbon."}},"required":["city"]})";
  weather.output_schema =
      R"({"type":"object","properties":{"city":{"type":"string"},"sky":{"type":"string"},"celsius":{"type":"number"},"wind_kmh":{"type":"number"}},"required":["city","sky","celsius","wind_kmh"]})";
  weather.annotations = kReadOnly;
  weather.run = Plain(TellWeather);

  mcp::Tool& slow = tools.emplace_back();
  slow.name = "slow";
  slow.title = "Slow";
  slow.description = "Takes its time, and reports progress on the way.";
  slow.input_schema =
      R"({"type":"object","properties":{"steps":{"type":"integer","description":"How many steps to report; default 5.","minimum":1,"maximum":1000},"duration_ms":{"type":"integer","description":"How long it takes in all, in milliseconds; default 1000.","minimum":0,"maximum":600000}}})";
  slow.annotations = kReadOnly;
  slow.run = [&loop](ServedCall& call) { return Slow(loop, call); };

  mcp::Tool& fail = tools.emplace_back();
  fail.name = "fail";
  fail.title = "Fail";
  fail.description = "Always answers with an error, as a tool does whose work went wrong.";
  fail.input_schema =
      R"({"type":"object","properties":{"message":{"type":"string","description":"The error's text."}}})";
  fail.annotations = kReadOnly;
  fail.run = Plain(Fail);
  return tools;
}

}  // namespace demo
