import type { ServiceSpec } from './service.ts';

/** An agent for launchd (launchd.plist(5)). Pure. */
export function launchdPlist(label: string, { command, environment, output }: ServiceSpec): string {
  const variables = Object.entries(environment);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by "s4 daemon install", which writes over changes. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  ${text(label)}
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    ${text(word)}`).join('\n')}
  </array>
${
  variables.length === 0
    ? ''
    : `  <key>EnvironmentVariables</key>
  <dict>
${variables.map(([name, value]) => `    <key>${escapeXml(name)}</key>\n    ${text(value)}`).join('\n')}
  </dict>
`
}  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>30</integer>
  <key>ExitTimeOut</key>
  <integer>15</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>StandardOutPath</key>
  ${text(output)}
  <key>StandardErrorPath</key>
  ${text(output)}
</dict>
</plist>
`;
}

function text(value: string): string {
  return `<string>${escapeXml(value)}</string>`;
}

function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
