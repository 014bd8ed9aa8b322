/** What Amazon may ask for besides a password. */
export type Challenge = "captcha" | "code" | "message" | "approval";

/** The form as it is without scripts: hidden fields that have to come back, and two to fill in. */
export function signInPage(state: string): string {
  return `<!doctype html><html><body>
<form name="signIn" method="post" novalidate action="/ap/signin" class="auth-validate-form">
<input type="hidden" name="appActionToken" value="a&amp;b">
<input value='${state}' name="workflowState" type="hidden"/>
<input type="email" name="email"><input type="password" name="password"><input type="submit" id="signInSubmit">
</form></body></html>`;
}

export const wrongPasswordPage = `<html><body><div id="auth-error-message-box"><h4>There was a problem</h4>
<span>Your password is incorrect</span></div>${signInPage("again")}</body></html>`;

export const challengePages: Readonly<Record<Challenge, string>> = {
  captcha:
    '<form name="signIn"><img id="auth-captcha-image" alt="Visual CAPTCHA image"><input name="guess"></form>',
  code: '<form id="auth-mfa-form" action="/ap/signin"><input name="otpCode" type="tel"></form>',
  message: '<div id="cvf-page-content"><form action="verify"><input name="code"></form></div>',
  approval: '<div id="resend-approval-alert">Approve the notification sent to your device</div>',
};
