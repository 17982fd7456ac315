<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="1">
  <renderer-v2 type="categorizedSymbol" attr="role" enableorderby="0" forceraster="0">
    <categories>
      <category render="true" symbol="0" value="hub" label="Hub"/>
      <category render="true" symbol="1" value="full" label="Stays"/>
      <category render="true" symbol="2" value="teaching_point" label="Teaching point"/>
      <category render="true" symbol="3" value="closed" label="Closes"/>
      <category render="true" symbol="4" value="not_built" label="Not built"/>
    </categories>
    <symbols>
      <symbol type="marker" name="0" alpha="1">
        <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="name" value="square"/>
            <Option type="QString" name="color" value="18,60,99,255"/>
            <Option type="QString" name="outline_color" value="255,255,255,255"/>
            <Option type="QString" name="outline_width" value="0.4"/>
            <Option type="QString" name="outline_width_unit" value="MM"/>
            <Option type="QString" name="size" value="4.6"/>
            <Option type="QString" name="size_unit" value="MM"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="marker" name="1" alpha="1">
        <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="name" value="circle"/>
            <Option type="QString" name="color" value="18,60,99,255"/>
            <Option type="QString" name="outline_color" value="255,255,255,255"/>
            <Option type="QString" name="outline_width" value="0.4"/>
            <Option type="QString" name="outline_width_unit" value="MM"/>
            <Option type="QString" name="size" value="3.8"/>
            <Option type="QString" name="size_unit" value="MM"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="marker" name="2" alpha="1">
        <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="name" value="triangle"/>
            <Option type="QString" name="color" value="224,161,0,255"/>
            <Option type="QString" name="outline_color" value="255,255,255,255"/>
            <Option type="QString" name="outline_width" value="0.4"/>
            <Option type="QString" name="outline_width_unit" value="MM"/>
            <Option type="QString" name="size" value="4.0"/>
            <Option type="QString" name="size_unit" value="MM"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="marker" name="3" alpha="1">
        <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="name" value="cross2"/>
            <Option type="QString" name="color" value="179,52,31,255"/>
            <Option type="QString" name="outline_color" value="255,255,255,255"/>
            <Option type="QString" name="outline_width" value="1.5"/>
            <Option type="QString" name="outline_width_unit" value="MM"/>
            <Option type="QString" name="size" value="3.6"/>
            <Option type="QString" name="size_unit" value="MM"/>
          </Option>
        </layer>
        <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="name" value="cross2"/>
            <Option type="QString" name="color" value="179,52,31,255"/>
            <Option type="QString" name="outline_color" value="179,52,31,255"/>
            <Option type="QString" name="outline_width" value="0.7"/>
            <Option type="QString" name="outline_width_unit" value="MM"/>
            <Option type="QString" name="size" value="3.2"/>
            <Option type="QString" name="size_unit" value="MM"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="marker" name="4" alpha="1">
        <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
          <Option type="Map">
            <Option type="QString" name="name" value="circle"/>
            <Option type="QString" name="color" value="255,255,255,255"/>
            <Option type="QString" name="outline_color" value="141,148,154,255"/>
            <Option type="QString" name="outline_width" value="0.3"/>
            <Option type="QString" name="outline_width_unit" value="MM"/>
            <Option type="QString" name="size" value="2.4"/>
            <Option type="QString" name="size_unit" value="MM"/>
          </Option>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
  <labeling type="rule-based">
    <rules key="all">
      <rule key="hub" filter="&quot;role&quot; = 'hub'">
        <settings calloutType="simple">
          <text-style fieldName="name" isExpression="0" fontSize="8.5" fontSizeUnit="Point" fontWeight="75" fontItalic="0" textColor="18,60,99,255">
            <text-buffer bufferDraw="1" bufferSize="0.9" bufferSizeUnits="MM" bufferColor="255,255,255,230"/>
          </text-style>
          <placement placement="6" dist="2.6" distUnits="MM" priority="10"/>
        </settings>
      </rule>
      <rule key="full" filter="&quot;role&quot; = 'full'">
        <settings calloutType="simple">
          <text-style fieldName="name" isExpression="0" fontSize="8" fontSizeUnit="Point" fontWeight="50" fontItalic="0" textColor="18,60,99,255">
            <text-buffer bufferDraw="1" bufferSize="0.9" bufferSizeUnits="MM" bufferColor="255,255,255,230"/>
          </text-style>
          <placement placement="6" dist="2.6" distUnits="MM" priority="8"/>
        </settings>
      </rule>
      <rule key="teaching_point" filter="&quot;role&quot; = 'teaching_point'">
        <settings calloutType="simple">
          <text-style fieldName="name" isExpression="0" fontSize="8" fontSizeUnit="Point" fontWeight="50" fontItalic="0" textColor="122,86,0,255">
            <text-buffer bufferDraw="1" bufferSize="0.9" bufferSizeUnits="MM" bufferColor="255,255,255,230"/>
          </text-style>
          <placement placement="6" dist="2.6" distUnits="MM" priority="6"/>
        </settings>
      </rule>
      <rule key="closed" filter="&quot;role&quot; = 'closed'" scalemaxdenom="250000" scalemindenom="1">
        <settings calloutType="simple">
          <text-style fieldName="name" isExpression="0" fontSize="7.5" fontSizeUnit="Point" fontWeight="50" fontItalic="1" textColor="179,52,31,255">
            <text-buffer bufferDraw="1" bufferSize="0.9" bufferSizeUnits="MM" bufferColor="255,255,255,230"/>
          </text-style>
          <placement placement="6" dist="2.6" distUnits="MM" priority="4"/>
        </settings>
      </rule>
    </rules>
  </labeling>
</qgis>
