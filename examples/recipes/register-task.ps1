<#
Registers sage200-sync.xml, which says what it needs. Run it as the user who ran
`sage200 init`, in PowerShell as an administrator: it asks for that user's password,
with which the task runs while nobody is signed in to Windows.
#>
$user = Get-Credential -UserName "$env:USERDOMAIN\$env:USERNAME" -Message 'Runs the task'
$task = @{
    TaskName = 'Sage 200 sync'
    Xml      = Get-Content -Raw -Encoding UTF8 "$PSScriptRoot\sage200-sync.xml"
    User     = $user.UserName
    Password = $user.GetNetworkCredential().Password
}
# The registered text is UTF-16 by then, so its declaration must not name another.
$task.Xml = $task.Xml -replace '<\?xml[^>]*\?>\s*', ''
Register-ScheduledTask @task -Force
(Get-ScheduledTaskInfo -TaskName $task.TaskName).NextRunTime
